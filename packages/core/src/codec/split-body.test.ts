import { fixtureBody, fixtureLines } from "@falco-outputs/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BatchEncoder } from "./batch-encoder.js";
import { type BodyTaker, splitBody } from "./split-body.js";

const utf8 = new TextEncoder();
const json = fixtureLines("alerts.jsonl");
const texts = fixtureLines("alerts.txt").slice(0, 4);

/** The pieces of a body, as text; `taken` are those that are alerts. */
function split(body: string | Uint8Array, isText = false): { taken: string[]; refused: string[] } {
  const bytes = typeof body === "string" ? utf8.encode(body) : body;
  const taken: string[] = [];
  const refused: string[] = [];
  const encoder = new BatchEncoder();
  const textOf = (start: number, end: number) => new TextDecoder().decode(bytes.subarray(start, end));
  const taker: BodyTaker = {
    takeObject(source, start) {
      const end = encoder.addObject(source, start);
      if (end !== -1) taken.push(textOf(start, end));
      return end;
    },
    takePiece(source, start, end) {
      const reason = encoder.add(source, start, end);
      (reason === undefined ? taken : refused).push(textOf(start, end));
    },
  };
  splitBody(bytes, isText, taker);
  expect(encoder.count).toBe(taken.length);
  return { taken, refused };
}

/** An alert as others may write it: over several lines, with a nested value, with brackets and quotes in its texts. */
const alerts = fc.oneof(
  fc.constantFrom(...json),
  fc.constantFrom(...json).map((line) => JSON.stringify(JSON.parse(line), undefined, 2)),
  fc
    .constantFrom(...json)
    .map((line) => JSON.stringify(JSON.parse(line), undefined, "\t").replaceAll("\n", "\r\n")),
  fc.string({ unit: fc.constantFrom(...'{}[],:"\\\n é🦅') }).map((rule) => {
    return JSON.stringify(
      { a: { b: [{ rule }, [[]]] }, rule, priority: "Notice" },
      undefined,
      rule.length % 3,
    );
  }),
);
const betweens = fc
  .array(fc.constantFrom("", "\n", "\r\n", ",", ",\n", "[", "]", "\n]\n[\n", " ", "\t"), {
    minLength: 1,
    maxLength: 3,
  })
  .map((parts) => parts.join(""));

describe("splitBody", () => {
  it("finds alerts whatever stands between them", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(alerts, betweens), { maxLength: 8 }), betweens, (parts, before) => {
        const body = before + parts.flat().join("");
        expect(split(body)).toEqual({ taken: parts.map(([alert]) => alert), refused: [] });
      }),
      { numRuns: 500 },
    );
  });

  it("finds text lines and JSON side by side", () => {
    const body = [json[0], texts[0], `${json[1]},${json[2]}`, ...texts, json[3]].join("\r\n");
    const found = [json[0], texts[0], json[1], json[2], ...texts, json[3]];
    expect(split(body)).toEqual({ taken: found, refused: [] });
  });

  it("finds every whole alert of a body that is cut off anywhere, and at most one piece more", () => {
    const alert = { rule: 'a "b"', priority: "Notice", output_fields: { "[{": ["]}", 1, null] } };
    const lines = [JSON.stringify(alert), JSON.stringify(alert, undefined, 1), JSON.stringify(alert)];
    for (const body of [lines.join("\n"), `[${lines.join(",\n")}]`, lines.join("")]) {
      const bytes = utf8.encode(body);
      for (let end = 0; end < bytes.length; end++) {
        const { taken, refused } = split(bytes.subarray(0, end));
        expect(taken).toEqual(lines.slice(0, taken.length));
        const left = new TextDecoder().decode(bytes.subarray(0, end)).replace(/[[\],\s]+$/, "");
        const rest = taken.reduce((text, line) => text.replace(line, ""), left);
        expect(refused).toHaveLength(/[^[\],\s]/.test(rest) ? 1 : 0);
      }
    }
  });

  it.each([
    ["a line", "\n"],
    ["an element of an array over lines", ",\n"],
  ])("loses nothing beside %s that was cut off anywhere", (_, between) => {
    const [before, line, ...after] = json as [string, string, ...string[]];
    for (let end = 1; end < line.length; end++) {
      const body = [before, line.slice(0, end), ...after].join(between);
      const { taken, refused } = split(`[${body}]`);
      expect(taken).toEqual([before, ...after]);
      expect(refused).toHaveLength(1);
    }
  });

  it.each([
    ["an alert without its rule", '{"priority":"Notice"}', 1],
    ["a priority that is not one", '{"rule":"r","priority":"x"}', 1],
    ["a trailing comma", '{"rule":"r","priority":"Notice",}', 1],
    ["a bracket too few", '{"rule":"r","tags":["a"}', 1],
    ["a bracket too many", '{"rule":"r"}}]}', 1],
    ["a brace too few", '{"rule":"r","priority":"Notice"', 1],
    ["a string without an end", '{"rule":"r', 1],
    ["a line end within a string", '{"rule":"r\n","priority":"Notice"}', 1],
    ["an escaped line end", '{"rule":"r\\\n', 1],
    ["65 levels", `{"a":${"[".repeat(64)}${"]".repeat(64)}}`, 1],
    ["a number", "5", 1],
    ["words", "Events detected: 12", 1],
    ["two lines of words", "Events detected: 12\nRule counts", 2],
    ["a text that is not one", "25:00:00: Notice x", 1],
    ["nothing", "\n \t\r\n", 0],
  ])("loses nothing beside %s", (_, wrong, count) => {
    for (const [begin, between, end] of [
      ["", "\n", ""],
      ["[", ",\n", "]"],
      ["[\r\n", "\r\n,", "\r\n]\r\n"],
    ]) {
      const { taken, refused } = split(begin + [json[0], wrong, json[1], wrong, json[2]].join(between) + end);
      expect(taken).toEqual(json.slice(0, 3));
      expect(refused).toHaveLength(2 * count);
    }
  });

  it.each([
    ["null", 1],
    ["5", 1],
    ['"a{b"', 1],
    ['{"rule":"r","priority":x}', 1],
    ['{"rule":"r" "priority":"Notice"}', 1],
    ['{"rule":"r","tags":["a"}', 1],
    ["[]", 0],
  ])("loses nothing beside the element %s of an array on one line", (wrong, count) => {
    const { taken, refused } = split(`[${json[0]},${wrong},${json[1]}]`);
    expect(taken).toEqual(json.slice(0, 2));
    expect(refused).toHaveLength(count);
  });

  it("takes a text over several lines for one alert where that is so, else each line for itself", () => {
    const text = fixtureBody("text-alert-over-lines").toString();
    const [first, ...more] = text.trimEnd().split("\n") as [string, ...string[]];
    expect(split(text, true)).toEqual({ taken: [text.trimEnd()], refused: [] });
    expect(split(text)).toEqual({ taken: [first], refused: more.map((line) => line.trim()) });
    expect(split(`${text}\r\n${texts.join("\r\n")}\n\n`, true)).toEqual({
      taken: [text.trimEnd(), ...texts],
      refused: [],
    });
    // What is in a text of Falco's is an attacker's at times: it makes no JSON alert.
    const forged = `${texts[0]}\n${json[0]}`;
    expect(split(forged, true)).toEqual({ taken: [forged], refused: [] });
    expect(split(`${json[0]}\nwords\n${text}`, true)).toEqual({
      taken: [json[0], text.trimEnd()],
      refused: ["words"],
    });
  });

  it("takes time that grows with the body alone", () => {
    const bytes = 4_000_000;
    for (const unit of [
      "{",
      "{\n",
      '{"a":',
      '{"a":\n',
      '{"a":[\n',
      "[{",
      '"',
      '{"',
      "{\\",
      "11:1\n",
      "}{",
      '{"a":{}\n',
    ]) {
      const count = Math.floor(bytes / unit.length);
      let pieces = 0;
      splitBody(utf8.encode(unit.repeat(count)), true, { takeObject: () => -1, takePiece: () => pieces++ });
      expect(pieces).toBeLessThanOrEqual(count);
    }
  });
});
