import { fromBinary } from "@bufbuild/protobuf";
import { AlertDecoder, encodeLine, withUtf8 } from "@falco-outputs/core/codec";
import { type OutputsResponse, OutputsResponseSchema } from "@falco-outputs/core/contract";
import { fixtureLines } from "@falco-outputs/testing";
import { outcome, type Target } from "./target.js";

export const textSlices = {
  latin1: (bytes: Uint8Array, start: number, end: number) => (bytes as Buffer).toString("latin1", start, end),
  utf8: (bytes: Uint8Array, start: number, end: number) => (bytes as Buffer).toString("utf8", start, end),
};

const decoder = new AlertDecoder(textSlices);
const sequence = Buffer.from("50b1a2c3d4e5f6f703", "hex");

const tokens = [
  // Tags of the fields, of unknown ones and of other wire types, lengths, varints of every length, no UTF-8.
  ...[
    "0a",
    "10",
    "18",
    "22",
    "2a",
    "32",
    "3a",
    "42",
    "4a",
    "50",
    "58",
    "0b",
    "0c",
    "0d",
    "09",
    "a20604deadbeef",
  ],
  ...[
    "00",
    "7f",
    "8000",
    "ff01",
    "ffffffff0f",
    "ffffffffffffffffff01",
    "ffffffffffffffffffff01",
    "80808080808080808000",
  ],
  ...[
    "32060a01611201ff",
    "320c0a095f5f70726f746f5f5f",
    "3203120161",
    "32080a016112016118",
    "0a0208011002",
    "c3a9",
    "80",
    "ff",
  ],
].map((hex) => Buffer.from(hex, "hex"));

/** The wire to an alert. */
export const wireAlert: Target = {
  name: "wire-alert",
  seeds: fixtureLines("alerts.jsonl").map((line) => Buffer.concat([encodeLine(line), sequence])),
  tokens,
  // Between bytes that are others'.
  fast: (input) =>
    outcome(() =>
      members(
        decoder.decode(
          Buffer.concat([sequence, input, sequence]),
          sequence.length,
          sequence.length + input.length,
        ),
      ),
    ),
  complete: (input) =>
    outcome(() => {
      const bytes = new Uint8Array(input);
      const { scanned, ...alert } = fromBinary(OutputsResponseSchema, withUtf8(bytes) ?? bytes);
      // Only a heartbeat shows it.
      return members(scanned === 0n ? alert : { ...alert, scanned });
    }),
  // protobuf-es assigns a map's entries, and assigning to this one makes none.
  isExempt: (input) => input.includes("__proto__"),
};

/** All that a message has, `toJSON` aside, in an order that does not depend on how it was made. */
export function members(message: Omit<OutputsResponse, "scanned"> & { scanned?: bigint }): unknown {
  const { time, outputFields, $unknown, ...rest } = message;
  return [
    Object.entries(rest).sort(),
    time && Object.entries(time).sort(),
    Object.entries(outputFields),
    $unknown,
  ];
}
