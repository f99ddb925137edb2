import { create, fromBinary } from "@bufbuild/protobuf";
import { fixtureLines } from "@falco-outputs/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type AlertInit,
  alertFromJson,
  alertFromText,
  createAlert,
  dateOf,
  isAtLeast,
  timeNs,
} from "./alert.js";
import { alertToJson, priorityName, toAlert } from "./alert-message.js";
import { AlertDecoder, encodeLine } from "./codec/index.js";
import { OutputsResponseSchema } from "./contract.js";
import { Code } from "./error.js";
import { priorityNames } from "./priority.js";

const textOf = (bytes: Uint8Array, start: number, end: number) =>
  String.fromCharCode(...bytes.subarray(start, end));
const basic = { rule: "r", priority: "Notice" } as const;
const nastyNames = ["__proto__", "constructor", "toString", "", "proc.aname[2]", "naïve 🦅"];

describe("createAlert", () => {
  it("fills in what was not given", () => {
    const before = Date.now();
    const { time, ...alert } = createAlert(basic);
    expect(alert).toMatchObject({
      rule: "r",
      priority: 5,
      output: "",
      outputFields: {},
      hostname: "",
      tags: [],
    });
    expect(alert).toMatchObject({ source: "syscall", sourceDeprecated: 0, sequence: 0n });
    const created = dateOf({ time: time! })!.getTime();
    expect(created).toBeGreaterThanOrEqual(before);
    expect(created).toBeLessThanOrEqual(Date.now());
  });

  it("turns field values into the text that Falco's gRPC API has for them", () => {
    const { outputFields } = createAlert({
      ...basic,
      outputFields: {
        s: "text",
        n: -1.5,
        b: 18446744073709551615n,
        t: true,
        x: null,
        l: ["a", null, ["b", 2]],
      },
    });
    expect(outputFields).toEqual({
      s: "text",
      n: "-1.5",
      b: "18446744073709551615",
      t: "true",
      x: "<NA>",
      l: "(a,<NA>,(b,2))",
    });
  });

  it.each<[AlertInit["time"], bigint]>([
    [new Date(1500), 1_500_000_000n],
    [new Date(-1500), -1_500_000_000n],
    [1_780_391_647_123_456_789n, 1_780_391_647_123_456_789n],
    [-1n, -1n],
    ["1970-01-01T00:00:01.000000001Z", 1_000_000_001n],
  ])("takes the time %s", (time, ns) => {
    expect(timeNs(createAlert({ ...basic, time: time! }))).toBe(ns);
  });

  it.each([
    [{ time: "yesterday" }, 'time: "yesterday", expected a time from year 1 to 9999'],
    [{ time: new Date(Number.NaN) }, 'time: "Invalid Date", expected a time'],
    [{ time: 10n ** 30n }, "time: 1000000000000000000000000000000n, expected a time"],
    [{ priority: "urgent" }, 'priority: "urgent", expected one of Emergency, Alert'],
    [{ priority: 8 }, "priority: 8, expected one of"],
    [{ priority: 1.5 }, "priority: 1.5, expected one of"],
  ])("refuses %o", (part, message) => {
    expect(() => createAlert({ ...basic, ...part } as AlertInit)).toThrow(
      expect.objectContaining({ code: Code.InvalidArgument, message: expect.stringContaining(message) }),
    );
  });
});

describe("the JSON of an alert", () => {
  const text = fc.string({ unit: "grapheme" });
  // As Falco makes them: internal alerts have no tags, and every alert has a source.
  const falcos = fc
    .record({
      rule: text,
      priority: fc.constantFrom(...priorityNames),
      output: text,
      hostname: text,
      source: fc.constantFrom("syscall", "k8s_audit", "internal", "aws_cloudtrail", "K8S_AUDIT"),
      tags: fc.array(text),
      time: fc.bigInt({ min: -62_135_596_800_000_000_000n, max: 253_402_300_799_999_999_999n }),
      fields: fc.array(fc.tuple(fc.oneof(text, fc.constantFrom(...nastyNames)), text)),
    })
    .map(({ fields, ...init }) =>
      createAlert({
        ...init,
        tags: init.source === "internal" ? [] : init.tags,
        outputFields: Object.fromEntries(fields),
      }),
    );

  it("makes the same alert again", () => {
    fc.assert(
      fc.property(falcos, (alert) => {
        const copy = alertFromJson(alertToJson(alert));
        expect(copy).toEqual(alert);
        expect(Object.entries(copy.outputFields)).toEqual(Object.entries(alert.outputFields));
      }),
    );
  });

  it("is what JSON.stringify returns", () => {
    fc.assert(
      fc.property(falcos, (alert) => {
        expect(JSON.stringify(alert)).toBe(alertToJson(alert));
      }),
    );
  });

  it.each(fixtureLines("alerts.jsonl"))("keeps what Falco wrote: %#", (line) => {
    const written = JSON.parse(line);
    const { output_fields, ...json } = JSON.parse(alertToJson(alertFromJson(line)));
    const { rule, priority, source, hostname } = written;
    expect(json).toMatchObject(JSON.parse(JSON.stringify({ rule, priority, source, hostname })));
    expect(json.output).toBe(written.output ?? written.message);
    expect(json.tags).toEqual(source === "internal" ? undefined : (written.tags ?? []));
    expect(Object.keys(output_fields)).toEqual(Object.keys(written.output_fields ?? {}));
  });

  it.each([
    [1n, "1"],
    [BigInt(Number.MAX_SAFE_INTEGER), "9007199254740991"],
    [BigInt(Number.MAX_SAFE_INTEGER) + 1n, '"9007199254740992"'],
  ])("has the sequence %d as %s", (sequence, json) => {
    const alert = toAlert(create(OutputsResponseSchema, { sequence }));
    expect(alertToJson(alert)).toContain(`"sequence":${json}`);
  });

  it("leaves out what an old Falco did not send", () => {
    expect(alertToJson(create(OutputsResponseSchema))).toBe(
      '{"output":"","output_fields":{},"priority":"Emergency","rule":"","tags":[]}',
    );
  });
});

describe("any field name", () => {
  it.each(nastyNames)("%j is a field like any other", (name) => {
    const json = `{"rule":"r","priority":"Notice","output_fields":{${JSON.stringify(name)}:"value"}}`;
    const alert = alertFromJson(json);
    expect(Object.entries(alert.outputFields)).toEqual([[name, "value"]]);
    const init = { ...basic, outputFields: alert.outputFields };
    expect(Object.entries(createAlert(init).outputFields)).toEqual([[name, "value"]]);
    expect(alertToJson(alert)).toContain(`"output_fields":{${JSON.stringify(name)}:"value"}`);
  });
});

describe("alertFromText", () => {
  it("returns an alert, or nothing", () => {
    const alert = alertFromText("2026-01-31T23:59:59.5Z: Critical Something happened");
    expect(alert && alertToJson(alert)).toBe(
      '{"output":"2026-01-31T23:59:59.5Z: Critical Something happened","output_fields":{},"priority":"Critical","rule":"","tags":[],"time":"2026-01-31T23:59:59.500000000Z"}',
    );
    expect(alertFromText("Events detected: 12")).toBeUndefined();
  });
});

describe("any alert", () => {
  it("shows the same, whatever it was made from", () => {
    const bytes = encodeLine(
      '{"rule":"r","priority":"Notice","output_fields":{"a":"b"},"time":"2026-01-31T23:59:59Z"}',
    );
    const slices = { latin1: textOf, utf8: textOf };
    const fast = new AlertDecoder(slices).decode(bytes, 0, bytes.length);
    const complete = toAlert(fromBinary(OutputsResponseSchema, bytes));
    expect(Object.entries(complete)).toEqual(Object.entries(fast));
    for (const alert of [fast, complete, createAlert(basic)]) {
      expect(Object.keys(alert)).not.toContain("scanned");
      for (const name in alert) expect(name).not.toBe("scanned");
      // @ts-expect-error it is the contract's, not an alert's
      expect(alert.scanned).toBe(0n);
    }
  });
});

describe("what an alert says", () => {
  it("names the priority, or returns the number of one that Falco does not have", () => {
    expect(priorityName(createAlert({ ...basic, priority: "info" }))).toBe("Informational");
    expect(priorityName({ priority: 9 as never })).toBe("9");
  });

  it("compares severities", () => {
    const alert = createAlert({ ...basic, priority: "Warning" });
    expect(["debug", "Warning", 4].map((priority) => isAtLeast(alert, priority as "Debug"))).toEqual([
      true,
      true,
      true,
    ]);
    expect(["Error", "emergency", 3].map((priority) => isAtLeast(alert, priority as "Error"))).toEqual([
      false,
      false,
      false,
    ]);
    expect(() => isAtLeast(alert, "urgent" as "Error")).toThrow('priority: "urgent"');
  });

  it("tells the time to the nanosecond, and to the millisecond before it", () => {
    const alert = createAlert({ ...basic, time: "1969-12-31T23:59:59.999999999Z" });
    expect(timeNs(alert)).toBe(-1n);
    expect(dateOf(alert)).toEqual(new Date(-1));
    expect(dateOf(createAlert({ ...basic, time: 1_999_999n }))).toEqual(new Date(1));
  });

  it("tells no time where there is none", () => {
    const alert = toAlert(create(OutputsResponseSchema));
    expect([timeNs(alert), dateOf(alert)]).toEqual([undefined, undefined]);
  });
});
