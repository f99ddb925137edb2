import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { AlertDecoder, BatchEncoder, type BodyTaker, encodeLine, splitBody } from "@falco-outputs/core/codec";
import { OutputsResponseSchema } from "@falco-outputs/core/contract";
import { makeAlerts } from "../alerts.js";
import { toMessage } from "../peers/json-parse/to-message.js";
import { firstAgainstOthers, type Scene, toResult } from "../scene.js";
import { measureWays, type Way } from "./suite.js";

const newline = 0x0a;
const linesAChunk = 50;

const encoder = new BatchEncoder();
const decoder = new AlertDecoder({
  latin1: (bytes, start, end) => (bytes as Buffer).toString("latin1", start, end),
  utf8: (bytes, start, end) => (bytes as Buffer).toString("utf8", start, end),
});

const taker: BodyTaker = {
  takeObject: (body, start) => encoder.addObject(body, start),
  takePiece: (body, start, end) => void encoder.add(body, start, end),
};

/** Another way to do it is one more line here; the first is compared with the others. */
const encoders: Way<Buffer>[] = [
  { name: "falco-outputs, one pass", run: (line) => encodeInOnePass(line) },
  { name: "falco-outputs, the complete way", run: (line) => encodeLine(line).length },
  {
    name: "JSON.parse, create, toBinary",
    run: (line) => toBinary(OutputsResponseSchema, toMessage(line.toString())).length,
  },
];

const decoders: Way<Buffer>[] = [
  { name: "falco-outputs", run: (bytes) => decoder.decode(bytes, 0, bytes.length).rule.length },
  { name: "protobuf-es, fromBinary", run: (bytes) => fromBinary(OutputsResponseSchema, bytes).rule.length },
];

const bodies: Way<Buffer>[] = [
  { name: "falco-outputs, splitBody", run: encodeBody },
  { name: "falco-outputs, by lines", run: encodeLines },
];

const splitters: Way<Buffer>[] = [
  { name: "bytes, indexOf", run: splitBytes },
  { name: "text, split", run: (chunk) => chunk.toString().split("\n").length },
];

/** The codecs alone, as scenes of their own kind. */
export const codecs: readonly Scene[] = [
  codec("encode", "Falco's JSON line to the bytes of an alert", encoders, () =>
    makeAlerts().lines.map((line) => Buffer.from(line)),
  ),
  codec("decode", "Bytes of an alert to the alert", decoders, () =>
    makeAlerts().encoded.map((bytes) => Buffer.from(bytes)),
  ),
  codec("body", "A posted body to the bytes of its alert", bodies, () =>
    makeAlerts().lines.map((line) => Buffer.from(line)),
  ),
  codec("split", "A chunk of 50 lines to lines (ns a line)", splitters, chunks, linesAChunk),
];

function codec<Input>(
  name: string,
  title: string,
  ways: readonly Way<Input>[],
  inputs: () => readonly Input[],
  alertsEach = 1,
): Scene {
  return {
    name,
    title,
    about: "Within one process, 2,048 different alerts.",
    async run(extent) {
      const measured = await measureWays(ways, inputs(), alertsEach, extent);
      return toResult(measured, firstAgainstOthers(measured));
    },
  };
}

function encodeInOnePass(line: Buffer): number {
  encoder.add(line, 0, line.length);
  return encoder.take().bytes.length;
}

function encodeBody(body: Buffer): number {
  splitBody(body, false, taker);
  return encoder.take().bytes.length;
}

/** As if there was nothing in a body but lines. */
function encodeLines(body: Buffer): number {
  let start = 0;
  for (let end = body.indexOf(newline); end !== -1; end = body.indexOf(newline, start)) {
    encoder.add(body, start, end);
    start = end + 1;
  }
  if (start < body.length) encoder.add(body, start, body.length);
  return encoder.take().bytes.length;
}

function chunks(): Buffer[] {
  const { lines } = makeAlerts();
  return Array.from({ length: Math.floor(lines.length / linesAChunk) }, (_, index) =>
    Buffer.from(`${lines.slice(index * linesAChunk, (index + 1) * linesAChunk).join("\n")}\n`),
  );
}

function splitBytes(chunk: Buffer): number {
  let bytes = 0;
  let start = 0;
  for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
    bytes += chunk.subarray(start, end).length;
    start = end + 1;
  }
  return bytes;
}
