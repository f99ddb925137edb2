import { ObjectScan } from "./object-scan.js";
import { textPrefix } from "./read-text.js";

const newline = 0x0a;
const carriageReturn = 0x0d;
const comma = 0x2c;
const dash = 0x2d;
const colon = 0x3a;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** Longer than any time and priority, in bytes. */
const prefixBytes = 64;

/** Takes what `splitBody` finds. Positions are in the body. */
export interface BodyTaker {
  /**
   * Takes the JSON object that begins at `start`, if its end need not be looked for first; returns where it ends, else
   * -1, and has taken nothing.
   */
  takeObject(body: Uint8Array, start: number): number;
  /** Takes what is one alert, or none, from `start` to `end`. */
  takePiece(body: Uint8Array, start: number, end: number): void;
}

const scan = new ObjectScan();

/**
 * Finds the alerts in a body that somebody posted, in place, in time that is linear in its length: JSON objects, each
 * on one line or on several, whatever stands between them of white space, commas and the brackets of arrays; and lines
 * of text. A `taker` that refuses a piece loses nothing else:
 *
 * - An object without an end is one piece, up to where the next alert can begin: at the brace that showed that it has
 *   no end; else after a comma on the same line, or with a later line. Within an object that ends, only the taker can
 *   find fault.
 * - What is neither is a piece up to the end of its line, or up to a comma or bracket with an object after it.
 *
 * @param isText Whether lines that do not begin an alert belong to the text alert above them. Falco posts one alert at
 * a time, which may have line ends in it. Where it is false, each line of text is a piece.
 */
export function splitBody(body: Uint8Array, isText: boolean, taker: BodyTaker): void {
  const { length } = body;
  /** What a scan has seen before this is not looked at twice again: so that time stays linear. */
  let scannedTo = 0;
  for (let at = skipBetween(body, 0); at < length; at = skipBetween(body, at)) {
    let end: number;
    if (body[at] === openBrace) {
      end = taker.takeObject(body, at);
      if (end !== -1) {
        at = end;
        continue;
      }
      if (scan.read(body, at)) {
        end = scan.end;
      } else {
        // A line that was cut off where a value comes next takes the next line for that value.
        end = scan.nestedLine === -1 || at < scannedTo ? nextAlert(body, scan.failedAt) : scan.nestedLine;
        scannedTo = Math.max(scannedTo, scan.failedAt);
      }
    } else if (!beginsText(body, at)) {
      end = objectBehind(body, at, lineEnd(body, at));
    } else {
      end = isText ? nextText(body, at) : lineEnd(body, at);
    }
    taker.takePiece(body, at, withoutLineEnds(body, at, end));
    at = end;
  }
}

/** Where something begins, or the body ends. */
function skipBetween(body: Uint8Array, from: number): number {
  let at = from;
  for (; at < body.length; at++) {
    const byte = body[at]!;
    if (isBlank(byte) || byte === comma || byte === openBracket) continue;
    if (byte !== closeBracket && byte !== closeBrace) break;
  }
  return at;
}

/** Where an alert may begin at the earliest, from where an object failed. */
function nextAlert(body: Uint8Array, failedAt: number): number {
  if (body[failedAt] === openBrace) return failedAt;
  for (let at = failedAt; ; ) {
    const end = lineEnd(body, at);
    const object = objectBehind(body, at, end);
    if (object < end) return object;
    at = skipBetween(body, end);
    if (at === body.length || body[at] === openBrace || beginsText(body, at)) return at;
  }
}

/** From `at` to `end`, the first brace after a comma or an opening bracket; `end` if there is none. */
function objectBehind(body: Uint8Array, from: number, end: number): number {
  let before = 0;
  for (let at = from; at < end; at++) {
    const byte = body[at]!;
    if (byte === openBrace && (before === comma || before === openBracket)) return at;
    if (!isBlank(byte)) before = byte;
  }
  return end;
}

/** The first line after the one at `at` that begins a text alert, or where the body ends. */
function nextText(body: Uint8Array, at: number): number {
  let line = lineEnd(body, at) + 1;
  while (line < body.length && !beginsText(body, line)) line = lineEnd(body, line) + 1;
  return Math.min(line, body.length);
}

/** Whether a text alert begins there, with a time and a priority. */
function beginsText(body: Uint8Array, at: number): boolean {
  if (body[at + 2] !== colon && body[at + 4] !== dash) return false;
  let head = "";
  const end = Math.min(body.length, at + prefixBytes);
  for (let byte = at; byte < end && body[byte] !== newline; byte++) head += String.fromCharCode(body[byte]!);
  return textPrefix.test(head);
}

function lineEnd(body: Uint8Array, at: number): number {
  const end = body.indexOf(newline, at);
  return end === -1 ? body.length : end;
}

function withoutLineEnds(body: Uint8Array, start: number, end: number): number {
  let to = end;
  while (to > start && (body[to - 1] === newline || body[to - 1] === carriageReturn)) to--;
  return to;
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= carriageReturn);
}
