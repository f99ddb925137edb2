import type { Logger } from "@falco-outputs/server";
import { jsonLine } from "./json-line.js";
import { openStderr } from "./stderr.js";
import { UnawaitedLines } from "./unawaited-lines.js";

/** How long the last lines may take to be read when the server ends, in milliseconds. */
const flushMs = 1_000;

export interface Log extends AsyncDisposable {
  readonly logger: Logger;
}

/** Logs to stderr: stdout is for alerts. Nothing ever waits for the log to be read. */
export function openLog(): Log {
  const stderr = openStderr();
  const lines = new UnawaitedLines(stderr, (dropped) =>
    jsonLine("warn", { dropped }, "log lines were dropped, because nobody read standard error"),
  );
  return {
    logger: {
      info: (fields, msg) => lines.add(jsonLine("info", fields, msg)),
      warn: (fields, msg) => lines.add(jsonLine("warn", fields, msg)),
      error: (fields, msg) => lines.add(jsonLine("error", fields, msg)),
    },
    async [Symbol.asyncDispose]() {
      const isRead = await lines.written(flushMs);
      if (stderr !== process.stderr) stderr.destroy();
      // What cannot be written would keep the process alive. Its exit status is set by then.
      else if (!isRead) setImmediate(() => process.exit());
    },
  };
}
