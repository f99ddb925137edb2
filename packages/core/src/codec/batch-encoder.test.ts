import { fromBinary } from "@bufbuild/protobuf";
import { fixtureLines } from "@falco-outputs/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OutputsResponseSchema } from "../contract.js";
import { AlertDecoder } from "./alert-decoder.js";
import { alertTimeUs } from "./alert-time.js";
import { BatchEncoder } from "./batch-encoder.js";
import { encodeLine, maxAlertBytes } from "./encode.js";

const utf8 = new TextEncoder();
const decode = (bytes: Uint8Array) => fromBinary(OutputsResponseSchema, bytes);

/** What comes of a line, in a batch of its own. */
function encode(line: string | Uint8Array) {
  const encoder = new BatchEncoder();
  const bytes = typeof line === "string" ? utf8.encode(line) : line;
  const reason = encoder.add(bytes, 0, bytes.length);
  if (reason !== undefined) throw new Error(reason);
  return decode(encoder.take().bytes);
}

// protobuf-es loses a field of the name __proto__ when it decodes.
const text = fc.oneof(
  fc.string({ unit: "grapheme" }).filter((name) => name !== "__proto__"),
  fc.nat({ max: 400 }).map((length) => "x".repeat(length)),
);
const plain = fc.oneof(text, fc.integer(), fc.double({ noNaN: true }), fc.boolean(), fc.constant(null));
const digits = (length: number, max: number) => fc.nat({ max }).map((n) => String(n).padStart(length, "0"));
/** Of Falco's form, on days that may not exist. */
const time = fc
  .tuple(
    digits(4, 9999),
    digits(2, 13),
    digits(2, 32),
    digits(2, 24),
    digits(2, 60),
    digits(2, 61),
    digits(9, 999_999_999),
  )
  .map(([y, mo, d, h, mi, s, n]) => `${y}-${mo}-${d}T${h}:${mi}:${s}.${n}Z`);
const members = fc.record(
  {
    hostname: text,
    message: text,
    output: text,
    output_fields: fc.dictionary(text, fc.oneof(plain, fc.array(plain), fc.array(fc.array(plain)))),
    priority: fc.constantFrom("Emergency", "Notice", "Debug", "info", "critical", "x"),
    rule: text,
    source: fc.oneof(text, fc.constantFrom("syscall", "internal", "k8s_audit", "aws_cloudtrail")),
    tags: fc.array(text),
    time,
    uuid: plain,
  },
  { requiredKeys: ["priority", "rule"] },
);
/** As Falco writes it, or as others may: other escapes, white space, members in another order or twice. */
const lines = fc.tuple(members, fc.nat({ max: 9 }), fc.nat({ max: 5 })).map(([content, turn, style]) => {
  const entries = Object.entries(content);
  const turned = [...entries.slice(turn), ...entries.slice(0, turn)];
  const json = JSON.stringify(Object.fromEntries(turned), null, style === 1 ? 1 : undefined);
  if (style === 2)
    return json.replace(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
  if (style === 3) return json.replaceAll("/", "\\/");
  return style === 4 ? json.replace(/\}$/, `,${JSON.stringify({ rule: "last" }).slice(1)}`) : json;
});

describe("BatchEncoder", () => {
  it("makes the alerts that encodeLine makes, or refuses what it refuses", () => {
    const outcome = (make: () => unknown) => {
      try {
        return make();
      } catch (error) {
        return (error as Error).message;
      }
    };
    fc.assert(
      fc.property(lines, (line) => {
        expect(outcome(() => encode(line))).toEqual(outcome(() => decode(encodeLine(line))));
      }),
      { numRuns: 1_000 },
    );
  });

  it("tells the time of each alert", () => {
    const decoder = new AlertDecoder({
      latin1: (bytes, start, end) => String.fromCharCode(...bytes.subarray(start, end)),
      utf8: (bytes, start, end) => new TextDecoder().decode(bytes.subarray(start, end)),
    });
    fc.assert(
      fc.property(fc.array(lines, { maxLength: 5 }), (batch) => {
        const encoder = new BatchEncoder();
        for (const line of batch) {
          const source = utf8.encode(line);
          if (encoder.add(source, 0, source.length) !== undefined) continue;
          const alert = encodeLine(line);
          encoder.addAlert(decoder.decode(alert, 0, alert.length));
          encoder.addObject(source, 0);
        }
        const { bytes, ends, times } = encoder.take();
        const read = ends.map((end, index) => alertTimeUs(bytes, ends[index - 1] ?? 0, end));
        expect(times).toEqual(read);
      }),
      { numRuns: 500 },
    );
    const encoder = new BatchEncoder();
    for (const time of ["2026-06-02T10:00:00.123456789Z", "2026-06-02T12:00:00.1+02:00"]) {
      const line = utf8.encode(JSON.stringify({ time, rule: "r", priority: "Notice" }));
      encoder.add(line, 0, line.length);
    }
    const timeless = utf8.encode('{"rule":"r","priority":"Notice"}');
    encoder.add(timeless, 0, timeless.length);
    const second = Date.UTC(2026, 5, 2, 10) * 1_000;
    expect(encoder.take().times).toEqual([second + 123_456, second + 100_000, Number.NaN]);
  });

  it("puts alerts end to end", () => {
    const encoder = new BatchEncoder();
    const chunk = utf8.encode(fixtureLines("alerts.jsonl").join("\n"));
    let start = 0;
    for (const line of fixtureLines("alerts.jsonl")) {
      const end = start + utf8.encode(line).length;
      encoder.add(chunk, start, end);
      start = end + 1;
    }
    expect(encoder.count).toBe(fixtureLines("alerts.jsonl").length);
    const { bytes, ends } = encoder.take();
    const alerts = ends.map((end, index) => decode(bytes.subarray(ends[index - 1] ?? 0, end)));
    expect(alerts).toEqual(fixtureLines("alerts.jsonl").map((line) => decode(encodeLine(line))));
    expect(encoder.count).toBe(0);
    expect(encoder.take().ends).toEqual([]);
  });

  it("takes text as well", () => {
    const [line] = fixtureLines("alerts.txt");
    expect(encode(line!).output).toBe(decode(encodeLine(line!)).output);
  });

  it("loses nothing for a line that is not an alert", () => {
    const encoder = new BatchEncoder();
    const source = utf8.encode('{"rule":"a","priority":"Debug"}{"rule":"b"}{"rule":"c","priority":"Debug"}');
    encoder.add(source, 0, 31);
    expect(encoder.add(source, 31, 43)).toBe('not an alert: "priority" is missing');
    encoder.add(source, 43, source.length);
    const { bytes, ends } = encoder.take();
    expect([decode(bytes.subarray(0, ends[0])), decode(bytes.subarray(ends[0]))]).toMatchObject([
      { rule: "a" },
      { rule: "c" },
    ]);
  });

  it("refuses every beginning of an alert, and what stands behind one", () => {
    const [line] = fixtureLines("alerts.jsonl");
    const bytes = utf8.encode(`${line}}`);
    const encoder = new BatchEncoder();
    for (let end = 0; end < bytes.length - 1; end++) {
      expect(encoder.add(bytes, 0, end)).toMatch(/^not an alert: /);
    }
    expect(encoder.add(bytes, 0, bytes.length)).toMatch(/^not an alert: /);
    expect(encoder.count).toBe(0);
  });

  it.each([0, 1, 126, 127, 128, 129, 16_383, 16_384, 16_385])("knows texts of %i bytes", (length) => {
    const long = "y".repeat(length);
    const fields = { [`${long}k`]: long, b: [long, 1], c: "z" };
    const line = JSON.stringify({
      rule: long,
      output: long,
      priority: "Debug",
      output_fields: fields,
      tags: [long],
    });
    expect(encode(line)).toEqual(decode(encodeLine(line)));
    expect(encode(line)).toMatchObject({ rule: long, output: long, outputFields: { b: `(${long},1)` } });
  });

  it("keeps numbers digit for digit", () => {
    const line =
      '{"rule":"r","priority":"Debug","output_fields":{"a":18446744073709551615,"b":-0.10e+05,"c":1e400}}';
    expect(encode(line).outputFields).toEqual({ a: "18446744073709551615", b: "-0.10e+05", c: "1e400" });
  });

  it.each([
    "01",
    "+1",
    "1.",
    ".5",
    "1e",
    "1e+",
    "-",
    "- 1",
    "NaN",
    "tru",
    "truee",
    '"\t"',
    '"\\u12"',
    '"\\x"',
  ])("refuses the value %s", (value) => {
    expect(() => encode(`{"rule":"r","priority":"Debug","output_fields":{"a":${value}}}`)).toThrow(
      "not an alert",
    );
  });

  it("replaces what is not UTF-8", () => {
    // A form that is too long, half a pair, a character that is cut off, a byte that is never one.
    const broken = [0xc0, 0xaf, 0xed, 0xa0, 0x80, 0xf0, 0x9f, 0xff];
    const line = Uint8Array.from([
      ...utf8.encode('{"priority":"Debug","rule":"a'),
      ...broken,
      ...utf8.encode('é"}'),
    ]);
    expect(encode(line).rule).toBe(new TextDecoder().decode(line.subarray(28, -2)));
  });

  it("takes an alert of the largest size, and none that is larger", () => {
    const line = (length: number) => `{"priority":"Debug","rule":"${"r".repeat(length)}"}`;
    const overhead = encodeLine(line(maxAlertBytes - 16)).length - (maxAlertBytes - 16);
    const largest = maxAlertBytes - overhead;
    expect(encode(line(largest)).rule).toHaveLength(largest);
    expect(() => encode(line(largest + 1))).toThrow(`at most ${maxAlertBytes}`);
  });
});
