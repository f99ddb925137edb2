import { fixtureLines } from "@falco-outputs/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Code, FalcoError } from "../error.js";
import { parsePriority, priorityNames } from "../priority.js";
import { parseTime } from "../time.js";
import { readJson } from "./read-json.js";

const lines = fixtureLines("alerts.jsonl");
const text = fc.string({ unit: "grapheme" });

/** Ends with an alert, or with the one error that there is. */
function outcome(json: string): "alert" | string {
  try {
    readJson(json);
    return "alert";
  } catch (error) {
    expect(error).toBeInstanceOf(FalcoError);
    expect((error as FalcoError).code).toBe(Code.InvalidArgument);
    expect((error as FalcoError).message).toMatch(/^not an alert: /);
    return (error as FalcoError).message;
  }
}

const withRule = (members: string) => `{"rule":"r","priority":"Notice",${members}}`;

describe("readJson", () => {
  it("reads what Falco writes, as JSON.parse has it", () => {
    const alerts = fc.record(
      {
        rule: text,
        priority: fc.constantFrom(...priorityNames, "info", "WARNING"),
        output: text,
        message: text,
        hostname: text,
        source: text,
        tags: fc.array(text),
        time: fc
          .date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true })
          .map((date) => date.toISOString()),
        output_fields: fc.dictionary(text, fc.oneof(text, fc.boolean(), fc.constant(null), fc.integer())),
        // No member of an alert's.
        id: fc.jsonValue({ maxDepth: 5 }),
      },
      { requiredKeys: ["rule", "priority"] },
    );
    const fieldText = (value: unknown) => (value === null ? "<NA>" : String(value));
    fc.assert(
      fc.property(alerts, fc.constantFrom(undefined, 2), (alert, indent) => {
        const json = JSON.stringify(alert, undefined, indent);
        const parsed = JSON.parse(json) as typeof alert;
        expect(readJson(json)).toEqual({
          time: parsed.time && parseTime(parsed.time),
          priority: parsePriority(parsed.priority),
          rule: parsed.rule,
          output: parsed.output ?? parsed.message ?? "",
          outputFields: new Map(
            Object.entries(parsed.output_fields ?? {}).map(([name, value]) => [name, fieldText(value)]),
          ),
          hostname: parsed.hostname ?? "",
          tags: parsed.tags ?? [],
          source: parsed.source ?? "",
        });
      }),
    );
  });

  it("takes null for a member that is not there", () => {
    const nothing = ["time", "output", "message", "output_fields", "hostname", "tags", "source"];
    const json = withRule(nothing.map((name) => `"${name}":null`).join());
    expect(readJson(json)).toEqual(readJson('{"rule":"r","priority":"Notice"}'));
  });

  it("keeps 64-bit integers digit for digit", () => {
    const { outputFields } = readJson(
      withRule('"output_fields":{"evt.time":1780391647123456789,"u":18446744073709551615}'),
    );
    expect([...outputFields.values()]).toEqual(["1780391647123456789", "18446744073709551615"]);
  });

  it("takes the last of duplicate members", () => {
    const json = withRule(
      '"output_fields":{"a":1},"tags":["x"],"rule":"s","output_fields":{"b":1,"b":2},"tags":["y"],"output":"o","output":null,"message":"m"',
    );
    expect(readJson(json)).toMatchObject({
      rule: "s",
      tags: ["y"],
      output: "m",
      outputFields: new Map([["b", "2"]]),
    });
  });

  it("knows no special names among the fields, and ignores special members", () => {
    const members = '"__proto__":1,"constructor":{"prototype":{"a":1}},"":[]';
    const { outputFields } = readJson(withRule(`${members},"output_fields":{${members}}`));
    expect([...outputFields]).toEqual([
      ["__proto__", "1"],
      ["constructor", '{"prototype":{"a":1}}'],
      ["", "()"],
    ]);
    expect(({} as Record<string, unknown>).a).toBeUndefined();
  });

  it.each([
    ["{}", '"rule" is missing'],
    ['{"rule":"r"}', '"priority" is missing'],
    ["[]", "JSON: expected an object at position 0"],
    ["null", "JSON: expected an object at position 0"],
    [withRule('"priority":"urgent"'), '"priority" is not one of Emergency, Alert, Critical, '],
    [withRule('"time":"yesterday"'), '"time" is not in RFC 3339, e.g. "2026-01-31T23:59:59.123456789Z"'],
    [withRule('"time":1780391647'), "JSON: expected a string at position 39"],
    [withRule('"rule":null'), "JSON: expected a string at position 39"],
    [withRule('"output":{}'), "JSON: expected a string at position 41"],
    [withRule('"output_fields":[]'), "JSON: expected an object at position 48"],
    [withRule('"tags":"x"'), "JSON: expected an array at position 39"],
    [withRule('"tags":[1]'), "JSON: expected a string at position 40"],
    [withRule(`"x":${"[".repeat(64)}`), "JSON: expected at most 64 nested levels"],
    [withRule('"output":"a\u0007b"'), 'JSON: expected a closing quote (") and no raw control character'],
  ])("says why %s is not an alert", (json, why) => {
    expect(outcome(json)).toContain(`not an alert: ${why}`);
  });

  it.each(lines)("refuses every truncation of a line, and everything behind it: %#", (line) => {
    for (let length = 0; length < line.length; length++) {
      expect(outcome(line.slice(0, length))).not.toBe("alert");
    }
    expect(outcome(`${line} \r\n`)).toBe("alert");
    for (const garbage of ["x", "}", ",", '""', line, "\u0000", "\ufeff"]) {
      expect(outcome(line + garbage)).toMatch("expected nothing more");
    }
  });

  it("ends with an alert or with its own error, whatever is changed in a line", () => {
    const characters = fc.oneof(
      fc.constantFrom(...'{}[]",:\\-.eu0'),
      fc.string({ unit: "binary", maxLength: 1 }),
    );
    fc.assert(
      fc.property(fc.constantFrom(...lines), fc.nat(), fc.nat(20), characters, (line, at, removed, added) => {
        const index = at % line.length;
        outcome(line.slice(0, index) + added + line.slice(index + removed));
      }),
      { numRuns: 5000 },
    );
  });
});
