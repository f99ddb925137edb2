import type { ExpectedAlert } from "./case.js";
import { encodeTime, writeBytes, writeText, writeVarint } from "./testees/grpc-js/wire.js";

/** An alert of exactly these fields, as a falco.outputs.response. What has no member has no field. */
export function encodeAlert(alert: ExpectedAlert): Uint8Array {
  const { time, priority, rule, output_fields = {}, hostname, tags = [], source } = alert;
  return Buffer.concat([
    ...(time === undefined ? [] : [writeBytes(1, encodeTime(time))]),
    ...(priority === 0 ? [] : [writeVarint(2, BigInt(priority))]),
    ...(rule === undefined ? [] : [writeText(4, rule)]),
    ...Object.entries(output_fields).map(([name, value]) =>
      writeBytes(6, Buffer.concat([writeText(1, name), writeText(2, value)])),
    ),
    ...(hostname === undefined ? [] : [writeText(7, hostname)]),
    ...tags.map((tag) => writeText(8, tag)),
    ...(source === undefined ? [] : [writeText(9, source)]),
  ]);
}
