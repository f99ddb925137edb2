import type { Logger } from "../../logger.js";
import type { DiskLogEvents } from "./disk-log.js";
import type { Finding } from "./read-segments.js";
import type { Recovery } from "./recover.js";

const texts: Readonly<Record<Finding["kind"], string>> = {
  cut: "the log ends within a write that was not completed: it was cut off",
  damage: "a part of the log is damaged: its alerts are lost",
  header: "the header of a file of the log is damaged: its alerts are read all the same",
};

/** Tells what was found in the directory of a log. */
export function tellRecovery(logger: Logger, directory: string, recovery: Recovery): void {
  const { findings, rebuilt, jumped } = recovery;
  for (const { kind, ...where } of findings) logger.warn(where, texts[kind]);
  if (rebuilt.length > 0) {
    logger.info({ directory, files: rebuilt.length }, "files of the log were read to make their index again");
  }
  if (jumped) {
    const message =
      "alerts may have been delivered that the log does not have: its sequence numbers go on after a gap";
    logger.warn({ directory }, message);
  }
}

/** Tells what happens to the disk of a log. */
export function diskEvents(logger: Logger): DiskLogEvents {
  return {
    onOutage: ({ message }) =>
      logger.error({ reason: message }, "the disk of the log fails: alerts are kept in memory only"),
    onOutageEnd: (missed) =>
      logger.warn({ missed }, "the disk of the log works again: what memory still held is written"),
    onUnreadable: ({ cause, ...where }) =>
      logger.warn({ ...where, reason: cause.message }, "alerts cannot be read from the log: they are lost"),
    onTrouble: ({ message }) => logger.warn({ reason: message }, "a file of the log could not be written"),
  };
}
