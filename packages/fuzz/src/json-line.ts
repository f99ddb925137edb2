import { AlertDecoder, BatchEncoder, encodeLine } from "@falco-outputs/core/codec";
import { fixtureLines } from "@falco-outputs/testing";
import { outcome, type Target } from "./target.js";
import { members, textSlices } from "./wire-alert.js";

const encoder = new BatchEncoder();
const decoder = new AlertDecoder(textSlices);
const marker = Buffer.from('{"rule":"before","priority":"Notice"}');

/** What Falco's JSON is made of. */
export const tokens = [
  ...[
    '"',
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    " ",
    "\t",
    "\r",
    "\0",
    "\x1f",
    "\x7f",
    "-",
    "0",
    "1e5",
    "null",
    "true",
  ],
  ...[
    "\\u0041",
    "\\ud83e\\udd85",
    "\\ud83e",
    '\\"',
    "\\/",
    "\\x",
    "é",
    "✓",
    "🦅",
    '"__proto__":1',
    '"a":[1,[2]]',
  ],
  ...['"rule":"x"', '"priority":"info"', '"message":"m"', '"output":null', '"output_fields":{}', '"tags":[]'],
  ...[
    '"time":"2024-02-29T12:00:00.000000000Z"',
    '"time":"1969-12-31T23:59:60Z"',
    '"source":"k8s_audit"',
    "x".repeat(200),
  ],
]
  .map((text) => Buffer.from(text))
  // No UTF-8: a lone tail, too long a form, half of a pair, beyond Unicode, cut off.
  .concat(["80", "c0af", "eda080", "f4908080", "f09f", "ff"].map((hex) => Buffer.from(hex, "hex")));

/** A line of Falco's JSON to the wire. */
export const jsonLine: Target = {
  name: "json-line",
  seeds: fixtureLines("alerts.jsonl").map((line) => Buffer.from(line)),
  tokens,
  fast: (input) =>
    outcome(() => {
      // Between others, which must neither suffer nor be read.
      const [before, after] = [marker, Buffer.from(" }")];
      const source = Buffer.concat([before, input, after]);
      encoder.add(source, 0, before.length);
      const reason = encoder.add(source, before.length, before.length + input.length);
      encoder.add(source, 0, before.length);
      const { bytes, ends } = encoder.take();
      if (reason !== undefined) throw new Error(reason);
      return decoded(bytes, ends[0]!, ends[1]!);
    }),
  complete: (input) =>
    outcome(() => {
      const bytes = encodeLine(input);
      return decoded(bytes, 0, bytes.length);
    }),
  isExempt: () => false,
};

/** The alert that is `bytes` from `start` to `end`, in a form that can be compared. */
export function decoded(bytes: Uint8Array, start: number, end: number): unknown {
  return members(decoder.decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), start, end));
}
