import { encodeLine } from "@falco-outputs/core/codec";
import { fixtureLines } from "@falco-outputs/testing";
import { describe, expect, it } from "vitest";
import { written, writtenOf } from "../testing/written.js";
import type { FormatOptions } from "./formatter.js";

const lines = fixtureLines("alerts.jsonl");
const texts = fixtureLines("alerts.txt").slice(0, 4);
const json = { json: true };
/** The clock of an output and that of `time` agree in UTC only. */
const isUtc = new Date(2026, 5, 2).getTimezoneOffset() === 0;

describe("JSON from JSON", () => {
  it.each([{}, { includeOutput: true, includeTags: true, includeOutputFields: true }])(
    "is what Falco wrote, byte for byte (%j)",
    async (format) => {
      expect(await writtenOf(lines, { ...json, ...format })).toEqual(lines);
      expect((await written({ published: lines }, { ...json, ...format })).map(String)).toEqual(lines);
    },
  );

  it("is the same with other line ends, in chunks of any size, without a line end", async () => {
    const bytes = Buffer.from(lines.join("\r\n"));
    for (const size of [1, 7, 1000]) {
      const stream = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        bytes.subarray(index * size, (index + 1) * size),
      );
      expect((await written({ stream }, json)).map(String)).toEqual(lines);
    }
  });

  it("keeps what is not UTF-8, white space, escapes, and members that it does not know", async () => {
    const odd = Buffer.concat([
      Buffer.from('{"rule" :\t"\\u0041\\ud800", "other":{"a":[1e400]},"priority":"info","output":"'),
      Buffer.from([0xff, 0xc3]),
      Buffer.from('"}'),
    ]);
    expect(await written({ stream: [odd, "\n"] }, json)).toEqual([odd]);
  });

  it.each([
    [{ includeOutput: false }, "output"],
    [{ includeTags: false }, "tags"],
    [{ includeOutputFields: false }, "output_fields"],
    [{ includeMessage: false }, "message"],
  ] as const)("leaves out, for %j, only %s", async (format, name) => {
    const expected = lines.map((line) => {
      const alert = JSON.parse(line);
      delete alert[name];
      return alert;
    });
    const actual = await writtenOf(lines, { ...json, ...format });
    expect(actual.map((line) => JSON.parse(line))).toEqual(expected);
    // What has no such member is not touched.
    const without = lines.filter((line) => !line.includes(`"${name}"`));
    for (const line of without) expect(actual).toContain(line);
  });

  it("leaves out members alone, not fields of their name, nor the last of duplicates only", async () => {
    const line =
      '{"rule":"r","priority":"Error","output":"a","output":"b","output_fields":{"output":1,"tags":2}}';
    expect(await writtenOf([line], { ...json, includeOutput: false, includeTags: false })).toEqual([
      '{"rule":"r","priority":"Error","output_fields":{"output":1,"tags":2}}',
    ]);
  });

  it("adds the message where it is wanted: not where it is, not to Falco's internal alerts, not without output", async () => {
    for (const [index, line] of (await writtenOf(lines, { ...json, includeMessage: true })).entries()) {
      const before = JSON.parse(lines[index]!);
      const { message, ...others } = JSON.parse(line);
      const own = before.message;
      delete before.message;
      expect(others).toEqual(before);
      if (own !== undefined) expect(message).toBe(own);
      else if (before.source === "internal") expect(message).toBeUndefined();
      else expect(message).toBe(before.output.replace(/^[\d:.]+: [A-Z][a-z]+ /, ""));
    }
    const [line] = await writtenOf(lines, { ...json, includeMessage: true, includeOutput: false });
    expect(JSON.parse(line!).message).toMatch(/^A shell was spawned/);
    expect(JSON.parse(line!).output).toBeUndefined();
  });

  it("keeps every digit when it changes something", async () => {
    for (const format of [{ includeMessage: true }, { timeFormatIso8601: true }, { includeTags: false }]) {
      const text = (await writtenOf(lines, { ...json, ...format })).join();
      for (const digits of ["1780391647123456789", "18446744073709551615", '"scap.evts_drop_rate_sec":0.0']) {
        expect(text).toContain(digits);
      }
    }
  });

  it("has the time of output as it is told, one way and back", async () => {
    const format: FormatOptions = { ...json, timeFormatIso8601: true };
    const iso = await writtenOf(lines, format);
    expect(JSON.parse(iso[0]!).output).toMatch(/^2026-06-02T09:14:07.123456789\+0000: Notice A shell/);
    // Falco's internal alerts have no time there.
    expect(iso[6]).toBe(lines[6]);
    const back = await writtenOf(iso, { ...json, timeFormatIso8601: false });
    const clock = isUtc ? "09:14:07.123456789" : expect.anything();
    expect(JSON.parse(back[0]!).output.split(": ")[0]).toEqual(clock);
  });
});

describe("JSON from what was no JSON", () => {
  it("has Falco's members for a text line", async () => {
    const [first, second] = await writtenOf(texts, json);
    expect(JSON.parse(first!)).toEqual({
      output: texts[0],
      output_fields: {},
      priority: "Notice",
      rule: "",
      tags: [],
      time: expect.stringMatching(/\.123456789Z$/),
    });
    expect(JSON.parse(second!)).toMatchObject({
      priority: "Warning",
      time: "2026-06-02T09:14:09.000000001Z",
    });
  });

  it("has Falco's members, and no sequence, for alerts that were published as objects or encoded", async () => {
    const time = "2026-06-02T09:14:09.000000001Z";
    const init = {
      rule: "r",
      priority: "Error",
      output: "a\nb\u001b",
      outputFields: { n: 2n ** 64n },
      time,
    } as const;
    const published = [init, encodeLine(lines[0]!)];
    const [first, second] = (await written({ published }, { ...json, includeTags: false })).map(String);
    expect(first).toBe(
      `{"output":"a\\nb\\u001b","output_fields":{"n":"18446744073709551616"},"priority":"Error","rule":"r","source":"syscall","time":"${time}"}`,
    );
    const { output_fields: fields, tags: _, ...expected } = JSON.parse(lines[0]!);
    expect(JSON.parse(second!)).toEqual({
      ...expected,
      output_fields: { ...stringsOf(fields), "evt.time": "1780391647123456789" },
    });
  });

  it("takes JSON on several lines onto one, with every digit", async () => {
    const several =
      '\n{\r\n "rule": "r",\n "priority": "Error",\n "output_fields": {"n": 18446744073709551615}\n}\n';
    const [line] = (await written({ published: [several] }, json)).map(String);
    expect(line).toBe('{ "rule": "r", "priority": "Error", "output_fields": {"n": 18446744073709551615} }');
  });
});

function stringsOf(fields: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)]));
}
