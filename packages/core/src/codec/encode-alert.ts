import { toBinary } from "@bufbuild/protobuf";
import type { Alert } from "../alert-message.js";
import { OutputsResponseSchema } from "../contract.js";
import { Code, FalcoError } from "../error.js";
import { acceptEncoded } from "./accept-encoded.js";
import { WireWriter } from "./wire-writer.js";
import { roomForTexts, writeHead, writeOutputField, writeTail } from "./write-alert.js";

const writer = new WireWriter();

/**
 * Writes a decoded alert, without its sequence number, to `target` from `at` on, which has `roomForAlert`; returns where
 * it ends. Undefined for one that only `encodeUnusualAlert` knows: of a program's making, or of a contract to come.
 */
export function encodeAlert(alert: Alert, target: Uint8Array, at: number): number | undefined {
  const { time, priority, sourceDeprecated, outputFields } = alert;
  if (alert.$unknown !== undefined || priority < 0 || sourceDeprecated < 0) return undefined;
  const seconds = Number(time?.seconds ?? 0n);
  if (time !== undefined) {
    if (time.$unknown !== undefined || time.nanos < 0 || !Number.isSafeInteger(seconds)) return undefined;
  }
  writer.target = target;
  writer.to = at;
  const instant = time && { seconds, nanos: time.nanos };
  writeHead(writer, instant, priority, sourceDeprecated, alert.rule, alert.output);
  for (const name of Object.keys(outputFields)) writeOutputField(writer, name, outputFields[name]!);
  writeTail(writer, alert.hostname, alert.tags, alert.source);
  return writer.to;
}

/** What an alert takes at most, in bytes. */
export function roomForAlert({ rule, output, outputFields, hostname, tags, source }: Alert): number {
  let units = rule.length + output.length + hostname.length + source.length;
  const names = Object.keys(outputFields);
  for (const name of names) units += name.length + outputFields[name]!.length;
  for (const tag of tags) units += tag.length;
  return roomForTexts(units, names.length + tags.length);
}

/**
 * Any decoded alert, without its sequence number: unknown fields go with it.
 * @throws FalcoError with InvalidArgument for one that is too large, or that no message can hold.
 */
export function encodeUnusualAlert(alert: Alert): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = toBinary(OutputsResponseSchema, { ...alert, scanned: 0n });
  } catch (cause) {
    // What protobuf-es says quotes the value, which is for no log.
    throw new FalcoError("not an alert: a field's value is out of range", Code.InvalidArgument, { cause });
  }
  return acceptEncoded(bytes);
}
