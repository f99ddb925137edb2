import { priorityNames } from "../priority.js";
import { deprecatedSource } from "../source.js";
import { microseconds } from "./alert-time.js";
import { maxAlertBytes } from "./encode.js";
import { ascii, isDigit, JsonCopier } from "./json-copier.js";
import { alertTag, entryTag, timeTag } from "./wire.js";

const comma = 0x2c;
const colon = 0x3a;
const quote = 0x22;
const zero = 0x30;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/** The members of Falco's JSON, a bit each. */
const Member = {
  hostname: 1,
  message: 2,
  output: 4,
  outputFields: 8,
  priority: 16,
  rule: 32,
  source: 64,
  tags: 128,
  time: 256,
} as const;
const required = Member.priority | Member.rule;

/** What follows the quote that begins a member. */
const names = {
  hostname: ascii('hostname":'),
  message: ascii('message":'),
  output: ascii('output":'),
  outputFields: ascii('output_fields":'),
  priority: ascii('priority":'),
  rule: ascii('rule":'),
  source: ascii('source":'),
  tags: ascii('tags":'),
  time: ascii('time":'),
};

/** As Falco writes them; the index is the number. */
const priorities = priorityNames.map((name) => ascii(`"${name}"`));

/** Longer than any source that Falco has a number for. */
const longSource = 16;
/** As Falco writes `time`, a zero for any digit. */
const timeShape = ascii('"0000-00-00T00:00:00.000000000Z"');

const json = new JsonCopier();
let timeUs = Number.NaN;

/**
 * The fast path from Falco's JSON to the bytes of a `falco.outputs.response`: one pass, no objects, every byte copied
 * once. It knows what Falco writes, and nothing else: no white space, no `\u` escapes, no nested values, no member
 * twice, no member that an alert does not have. What it does not know is for `readJson` and `encodeContent`, which make
 * the same alert of what it knows, but for the order of the fields.
 * @param end Where `source` ends for it; the object may end before that, at `onePassEnd`.
 * @param target Has `roomFor` the source from `to` on.
 * @returns The position after the alert in `target`, or -1 for an object that it does not know.
 */
export function encodeOnePass(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  to: number,
): number {
  json.open(source, start, end, target, to);
  timeUs = Number.NaN;
  return alert() && json.to - to <= maxAlertBytes ? json.to : -1;
}

/** Where in its source the alert ends that was encoded last. */
export function onePassEnd(): number {
  return json.at;
}

/** The time of the alert that was encoded last, in microseconds since 1970, rounded down; NaN if it has none. */
export function onePassTimeUs(): number {
  return timeUs;
}

function alert(): boolean {
  if (!json.take(openBrace)) return false;
  let seen = 0;
  do {
    const found = member();
    // Of duplicates the last one counts, which it is too late for here.
    if (found === 0 || (seen & found) !== 0 || !value(found)) return false;
    seen |= found;
  } while (json.take(comma));
  // Without `output`, `message` takes its place.
  const hasText = (seen & Member.output) !== 0 || (seen & Member.message) === 0;
  return json.take(closeBrace) && hasText && (seen & required) === required;
}

/** Reads the name of the member that comes next; 0 if it is none of an alert's. */
function member(): number {
  if (!json.take(quote)) return 0;
  switch (json.source[json.at]) {
    case 0x68: // h
      return json.takeText(names.hostname) ? Member.hostname : 0;
    case 0x6d: // m
      return json.takeText(names.message) ? Member.message : 0;
    case 0x6f: // o
      if (json.takeText(names.output)) return Member.output;
      return json.takeText(names.outputFields) ? Member.outputFields : 0;
    case 0x70: // p
      return json.takeText(names.priority) ? Member.priority : 0;
    case 0x72: // r
      return json.takeText(names.rule) ? Member.rule : 0;
    case 0x73: // s
      return json.takeText(names.source) ? Member.source : 0;
    case 0x74: // t
      if (json.takeText(names.time)) return Member.time;
      return json.takeText(names.tags) ? Member.tags : 0;
    default:
      return 0;
  }
}

/** Encodes the value of a member. */
function value(found: number): boolean {
  switch (found) {
    case Member.hostname:
      return json.string(alertTag.hostname);
    case Member.message:
      return json.skipString();
    case Member.output:
      return json.string(alertTag.output);
    case Member.outputFields:
      return outputFields();
    case Member.priority:
      return priority();
    case Member.rule:
      return json.string(alertTag.rule);
    case Member.source:
      return sourceName();
    case Member.tags:
      return tags();
    default:
      return time();
  }
}

function outputFields(): boolean {
  if (!json.take(openBrace)) return false;
  if (json.take(closeBrace)) return true;
  do {
    const entry = json.begin(alertTag.outputFields);
    if (!json.string(entryTag.key) || !json.take(colon) || !json.fieldText(entryTag.value)) return false;
    json.finish(entry);
  } while (json.take(comma));
  return json.take(closeBrace);
}

function priority(): boolean {
  for (let number = 0; number < priorities.length; number++) {
    if (!json.takeText(priorities[number]!)) continue;
    json.number(alertTag.priority, number);
    return true;
  }
  return false;
}

function sourceName(): boolean {
  const start = json.to + 2;
  if (!json.string(alertTag.source)) return false;
  const end = Math.min(json.to, start + longSource);
  let name = "";
  for (let at = start; at < end; at++) name += String.fromCharCode(json.target[at]!);
  json.number(alertTag.sourceDeprecated, deprecatedSource(name));
  return true;
}

function tags(): boolean {
  if (!json.take(openBracket)) return false;
  if (json.take(closeBracket)) return true;
  do {
    if (!json.string(alertTag.tags)) return false;
  } while (json.take(comma));
  return json.take(closeBracket);
}

/** "2026-01-31T23:59:59.123456789Z" in the years 1970 to 9999, to a google.protobuf.Timestamp. */
function time(): boolean {
  if (!hasTimeShape()) return false;
  const from = json.at;
  const year = decimal(from + 1, 4);
  const month = decimal(from + 6, 2);
  const day = decimal(from + 9, 2);
  const hour = decimal(from + 12, 2);
  const minute = decimal(from + 15, 2);
  const second = decimal(from + 18, 2);
  const nanos = decimal(from + 21, 9);
  // What needs to know of leap years is rare enough to be left.
  if (year < 1970 || month < 1 || month > 12 || day < 1 || day > lastDay[month]!) return false;
  if (hour > 23 || minute > 59 || second > 59) return false;
  json.at = from + timeShape.length;

  const field = json.begin(alertTag.time);
  const seconds = (daysSince1970(year, month, day) * 24 + hour) * 3_600 + minute * 60 + second;
  json.number(timeTag.seconds, seconds);
  json.number(timeTag.nanos, nanos);
  json.finish(field);
  timeUs = microseconds(seconds, nanos);
  return true;
}

function hasTimeShape(): boolean {
  const { source, at } = json;
  if (at + timeShape.length > json.end) return false;
  for (let i = 0; i < timeShape.length; i++) {
    const expected = timeShape[i]!;
    const actual = source[at + i]!;
    if (expected === zero ? !isDigit(actual) : actual !== expected) return false;
  }
  return true;
}

function decimal(at: number, digits: number): number {
  let number = 0;
  for (let i = at; i < at + digits; i++) number = number * 10 + json.source[i]! - zero;
  return number;
}

/** Of each month, in a year that is not a leap year. */
const lastDay = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** By the Gregorian calendar, counting years from March, so that a leap day is the last of its year. */
function daysSince1970(year: number, month: number, day: number): number {
  const years = month > 2 ? year : year - 1;
  const months = month > 2 ? month - 3 : month + 9;
  const leapDays = Math.floor(years / 4) - Math.floor(years / 100) + Math.floor(years / 400);
  return 365 * years + leapDays + Math.floor((153 * months + 2) / 5) + day - 1 - daysFromMarch0To1970;
}
const daysFromMarch0To1970 = 719_468;
