import type { ExpectedAlert } from "./case.js";
import { writeText, writeVarint } from "./testees/grpc-js/wire.js";

/** An alert of exactly these fields, as a falco.outputs.response. What has no member has no field. */
export function encodeAlert({ priority, rule, hostname, tags = [], source }: ExpectedAlert): Uint8Array {
  return Buffer.concat([
    ...(priority === 0 ? [] : [writeVarint(2, BigInt(priority))]),
    ...(rule === undefined ? [] : [writeText(4, rule)]),
    ...(hostname === undefined ? [] : [writeText(7, hostname)]),
    ...tags.map((tag) => writeText(8, tag)),
    ...(source === undefined ? [] : [writeText(9, source)]),
  ]);
}
