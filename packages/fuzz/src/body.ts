import { BatchEncoder, type BodyTaker, encodeLine, JsonReader, splitBody } from "@falco-outputs/core/codec";
import { fixtureBody, fixtureLines } from "@falco-outputs/testing";
import { decoded, tokens } from "./json-line.js";
import { outcome, type Target } from "./target.js";

/** The shortest are long enough. */
const lines = fixtureLines("alerts.jsonl")
  .sort((one, other) => one.length - other.length)
  .slice(0, 3);
// With a date: a clock's time is of another day now and then.
const text = "2026-06-02T09:14:09Z: Notice a text (user=root)\nover {lines}";
const posted = ["fluentbit-json_stream", "json-array-over-lines", "lines-with-trailing-commas"] as const;
const encoder = new BatchEncoder();

/** A body to the alerts in it. */
export const body: Target = {
  name: "body",
  seeds: [
    ...posted.map((name) => fixtureBody(name)),
    ...[
      JSON.stringify(JSON.parse(lines[0]!), undefined, 1),
      `[${lines.join(",\n")}]`,
      lines.join(""),
      [lines[0], text, text, lines[1]].join("\r\n"),
    ].map((body) => Buffer.from(body)),
  ],
  tokens: [
    ...tokens,
    ...["\n", "\r\n", "},{", "}{", "},\n{", "[{", "}]", '\n{"', ": Notice ", `\n${text}`, lines[0]!].map(
      (text) => Buffer.from(text),
    ),
  ],
  fast: (input) => [false, true].map((isText) => outcome(() => alertsIn(input, isText, addObject))).join(),
  complete: (input) =>
    [false, true].map((isText) => outcome(() => readObjects(input) ?? alertsIn(input, isText, skip))).join(),
  isExempt: () => false,
};

const addObject = (bytes: Uint8Array, start: number) => encoder.addObject(bytes, start);
const skip = () => -1;

/** The alerts that are found, and null for what is not an alert. */
function alertsIn(input: Buffer, isText: boolean, takeObject: BodyTaker["takeObject"]): unknown[] {
  const found: boolean[] = [];
  splitBody(input, isText, {
    takeObject(bytes, start) {
      const end = takeObject(bytes, start);
      if (end !== -1) found.push(true);
      return end;
    },
    takePiece(bytes, start, end) {
      found.push(encoder.add(bytes, start, end) === undefined);
    },
  });
  const { bytes, ends } = encoder.take();
  let index = 0;
  return found.map((isAlert) => {
    if (!isAlert) return null;
    const start = index === 0 ? 0 : ends[index - 1]!;
    return decoded(bytes, start, ends[index++]!);
  });
}

/** The same for a body of JSON objects, white space, commas and brackets, by a reader of JSON; undefined for others. */
function readObjects(input: Buffer): unknown[] | undefined {
  const text = input.toString();
  const between = /[\t-\r ,[\]}]*/y;
  const alerts: unknown[] = [];
  for (let at = 0; ; ) {
    between.lastIndex = at;
    between.test(text);
    at = between.lastIndex;
    if (at === text.length) return alerts;
    const object = text[at] === "{" ? firstObject(text.slice(at)) : undefined;
    if (object === undefined) return undefined;
    const bytes = outcomeOf(object);
    alerts.push(bytes === undefined ? null : decoded(bytes, 0, bytes.length));
    at += object.length;
  }
}

function firstObject(text: string): string | undefined {
  try {
    return new JsonReader(text).raw();
  } catch {
    return undefined;
  }
}

function outcomeOf(object: string): Uint8Array | undefined {
  try {
    return encodeLine(object);
  } catch {
    return undefined;
  }
}
