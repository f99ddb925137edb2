import { pino, stdTimeFunctions } from "pino";

/** Logs to stderr, one JSON object a line: stdout is for alerts. */
export function createLogger() {
  return pino(
    {
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
    },
    pino.destination({ fd: 2, sync: true }),
  );
}
