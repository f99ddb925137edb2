import { BinaryReader } from "@bufbuild/protobuf/wire";
import { alertField } from "@falco-outputs/core/codec";
import type { Matcher } from "./filter.js";

/** The alerts of a time window: from `since` on, and before `until`, by their own time in nanoseconds since 1970. */
export interface TimeWindow {
  readonly since: bigint | undefined;
  readonly until: bigint | undefined;
}

/** Decides whether an encoded alert is in the window. */
export function windowMatcher({ since, until }: TimeWindow): Matcher {
  return (alert) => {
    const time = timeOf(alert) ?? BigInt(Date.now()) * 1_000_000n;
    return (since === undefined || time >= since) && (until === undefined || time < until);
  };
}

/** An alert's own time, in nanoseconds since 1970. */
function timeOf(alert: Uint8Array): bigint | undefined {
  const reader = new BinaryReader(alert);
  let time: bigint | undefined;
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === alertField.time) time = instantOf(reader.bytes());
    else reader.skip(type, field);
  }
  return time;
}

function instantOf(bytes: Uint8Array): bigint {
  const reader = new BinaryReader(bytes);
  let ns = 0n;
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 1) ns += BigInt(reader.int64()) * 1_000_000_000n;
    else if (field === 2) ns += BigInt(reader.int32());
    else reader.skip(type, field);
  }
  return ns;
}
