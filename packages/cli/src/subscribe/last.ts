import type { Alert } from "@falco-outputs/node";

/** The end of a stream, and where it was read up to. */
export interface Last {
  readonly alerts: readonly Alert[];
  /** The highest sequence number of the whole stream; undefined if it brought none. */
  readonly position: bigint | undefined;
}

/** Reads a stream to its end; no more than `count` alerts are in memory. */
export async function lastOf(stream: AsyncIterable<Alert>, count: number): Promise<Last> {
  const ring: Alert[] = [];
  let seen = 0;
  let position: bigint | undefined;
  for await (const alert of stream) {
    ring[seen++ % count] = alert;
    // An alert that tells a loss has none.
    if (alert.sequence > (position ?? 0n)) position = alert.sequence;
  }
  const oldest = seen > count ? seen % count : 0;
  return { alerts: [...ring.slice(oldest), ...ring.slice(0, oldest)], position };
}
