import { milliseconds, OptionError, wholeNumber } from "@falco-outputs/core/options";
import type { Logger } from "../logger.js";
import type { AlertLog } from "./alert-log.js";
import { DiskLog } from "./disk/disk-log.js";
import { diskEvents, tellRecovery } from "./disk/notices.js";
import { MemoryLog, type MemoryLogOptions } from "./memory-log.js";

const mebibyte = 1024 * 1024;
/** Four segments. */
const leastRetainedBytes = 64 * mebibyte;
const leastAgeMs = 60_000;
const syncs = ["always", "interval", "never"] as const;

/** Keeps the alerts on a disk, so that a restart forgets nothing. */
export interface LogOptions {
  /** Where its files are. It is created if it is missing; one process at a time may use it. */
  directory: string;
  /** What is kept; the bound that is reached first counts, and files of 16 MiB are removed whole. */
  retention?: {
    /** How large the files are at most, in bytes; at least 64 MiB. Default: 1 GiB. */
    bytes?: number;
    /** How many alerts are kept at least, once there are so many; default: no bound. */
    count?: number;
    /** How old alerts become, in milliseconds; at least 60,000. Default: 7 days. */
    ageMs?: number;
  };
  /**
   * When alerts are safe from a power failure: `always`, once they are taken; `interval`, after `syncIntervalMs`;
   * `never`, when the system writes them. A process that crashes loses nothing with any of them. Default: `interval`.
   */
  sync?: (typeof syncs)[number];
  /** Default: 1,000. */
  syncIntervalMs?: number;
}

/**
 * The log in memory, or on a disk if there are options for one.
 * @throws OptionError; LogDirectoryError if the directory cannot be used.
 */
export async function openLog(
  memory: MemoryLogOptions,
  disk: LogOptions | undefined,
  logger: Logger,
): Promise<AlertLog> {
  if (disk === undefined) return new MemoryLog(memory);
  const { directory, retention = {}, sync = "interval", syncIntervalMs } = disk;
  if (typeof directory !== "string" || directory === "") {
    throw new OptionError({ option: "log.directory", got: directory, expected: "the path of a directory" });
  }
  if (!syncs.includes(sync)) {
    throw new OptionError({ option: "log.sync", got: sync, expected: "always, interval or never" });
  }
  const ageMs = wholeNumber("log.retention.ageMs", retention.ageMs, undefined, { least: leastAgeMs });
  const bytes = wholeNumber("log.retention.bytes", retention.bytes, undefined, { least: leastRetainedBytes });
  const count = wholeNumber("log.retention.count", retention.count, undefined);
  const log = await DiskLog.open({
    ...memory,
    directory,
    sync,
    syncIntervalMs: milliseconds("log.syncIntervalMs", syncIntervalMs, 1_000),
    retention: {
      ...(bytes !== undefined && { bytes }),
      ...(count !== undefined && { count }),
      ...(ageMs !== undefined && { ageMs }),
    },
    events: diskEvents(logger),
  });
  tellRecovery(logger, directory, log.recovery);
  return log;
}
