import { Code, FalcoError } from "../error.js";
import { deprecatedSource } from "../source.js";
import type { AlertContent } from "./content.js";
import { tryReadJson } from "./read-json.js";
import { readText } from "./read-text.js";
import { WireWriter } from "./wire-writer.js";
import { roomForTexts, writeHead, writeOutputField, writeTail } from "./write-alert.js";

/** The largest alert, encoded, in bytes. Clients of gRPC refuse messages above 4 MiB. */
export const maxAlertBytes = 1024 * 1024;

/** Memory that is kept for the next alert, in bytes. */
const scratch = new Uint8Array(16 * 1024);
const writer = new WireWriter();

/**
 * An alert as the bytes of a `falco.outputs.response` without a sequence number.
 * @throws FalcoError with InvalidArgument if they are more than `maxAlertBytes`.
 */
export function encodeContent(content: AlertContent): Uint8Array {
  return withinLimit(write(content));
}

function write(content: AlertContent): Uint8Array {
  const { time, priority, rule, output, hostname, source } = content;
  const room = roomFor(content);
  writer.target = room > scratch.length ? new Uint8Array(room) : scratch;
  writer.to = 0;
  writeHead(writer, time, priority, deprecatedSource(source), rule, output);
  for (const [name, value] of content.outputFields) writeOutputField(writer, name, value);
  writeTail(writer, hostname, content.tags, source);
  const bytes = writer.target.slice(0, writer.to);
  writer.target = scratch;
  return bytes;
}

/** What the alert takes at most, in bytes. */
function roomFor({ rule, output, outputFields, hostname, tags, source }: AlertContent): number {
  let units = rule.length + output.length + hostname.length + source.length;
  for (const [name, value] of outputFields) units += name.length + value.length;
  for (const tag of tags) units += tag.length;
  return roomForTexts(units, outputFields.size + tags.length);
}

/**
 * A line of Falco's, JSON or text, as an encoded alert. Invalid UTF-8 is replaced, never refused.
 * @throws FalcoError with InvalidArgument if the line is not an alert, or too large.
 */
export function encodeLine(line: string | Uint8Array, now?: Date): Uint8Array {
  const bytes = tryEncodeLine(line, now);
  if (typeof bytes === "string") throw new FalcoError(bytes, Code.InvalidArgument);
  return bytes;
}

/** The same, but returns why the line is not an alert. */
export function tryEncodeLine(line: string | Uint8Array, now?: Date): Uint8Array | string {
  const text = typeof line === "string" ? line : utf8.decode(line);
  const content = /^\s*\{/.test(text) ? tryReadJson(text) : readText(text.replace(/\r?\n?$/, ""), now);
  if (content === undefined || typeof content === "string") {
    return looksLikeUtf16(text) ? utf16 : (content ?? neitherForm);
  }
  const bytes = write(content);
  return bytes.length > maxAlertBytes ? tooLarge(bytes.length) : bytes;
}

/** Of ASCII in UTF-16, every other byte is zero. */
function looksLikeUtf16(text: string): boolean {
  return /^\r?(?:\0[^\0]|[^\0]\0)/.test(text);
}

const utf16 = "not an alert: it looks like UTF-16 without a byte order mark, expected UTF-8";
const neitherForm = 'not an alert: neither JSON nor "TIME: PRIORITY TEXT" as Falco writes it';

/** @throws FalcoError with InvalidArgument if an encoded alert is larger than `maxAlertBytes`. */
export function withinLimit(bytes: Uint8Array): Uint8Array {
  if (bytes.length <= maxAlertBytes) return bytes;
  throw new FalcoError(tooLarge(bytes.length), Code.InvalidArgument);
}

export function tooLarge(bytes: number): string {
  return `the alert is ${bytes} bytes, at most ${maxAlertBytes} are taken`;
}

const utf8 = new TextDecoder("utf-8", { ignoreBOM: false });
