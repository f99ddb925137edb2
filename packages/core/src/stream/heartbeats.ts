import { heartbeatHeader } from "../contract.js";
import { SilenceError } from "../silence-error.js";

/** How many intervals a connection may be silent. */
const maxSilentIntervals = 3;
/** What a server may sensibly say, in milliseconds. */
const minIntervalMs = 100;
const maxIntervalMs = 3_600_000;

/**
 * How often the server says something at least, in milliseconds.
 * @returns Undefined if it does not say so.
 */
export function heartbeatMsOf(header: Headers): number | undefined {
  const value = header.get(heartbeatHeader) ?? "";
  const intervalMs = /^\d{1,7}$/.test(value) ? Number(value) : 0;
  return intervalMs >= minIntervalMs && intervalMs <= maxIntervalMs ? intervalMs : undefined;
}

/** Waits for a message. @throws SilenceError if it does not come within three intervals. */
export async function heard<Message>(message: Promise<Message>, intervalMs: number): Promise<Message> {
  let timer: ReturnType<typeof setInterval> | undefined;
  const silence = new Promise<never>((_, reject) => {
    let silentIntervals = 0;
    // Counted one by one: for a process that was stopped meanwhile, or busy, only one of them has passed.
    timer = setInterval(() => {
      if (++silentIntervals === maxSilentIntervals) reject(new SilenceError(silentIntervals * intervalMs));
    }, intervalMs);
  });
  try {
    return await Promise.race([message, silence]);
  } finally {
    clearInterval(timer);
  }
}
