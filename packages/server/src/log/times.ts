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

/** An alert's own time, in nanoseconds since 1970. Parts of it that come more than once are merged, as a decoder does. */
function timeOf(alert: Uint8Array): bigint | undefined {
  const reader = new BinaryReader(alert);
  let hasTime = false;
  let seconds = 0n;
  let nanos = 0;
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field !== alertField.time) {
      reader.skip(type, field);
      continue;
    }
    hasTime = true;
    for (const end = reader.uint32() + reader.pos; reader.pos < end; ) {
      const [part, partType] = reader.tag();
      if (part === 1) seconds = BigInt(reader.int64());
      else if (part === 2) nanos = reader.int32();
      else reader.skip(partType, part);
    }
  }
  return hasTime ? seconds * 1_000_000_000n + BigInt(nanos) : undefined;
}
