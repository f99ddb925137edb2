import { fixtureLines } from "@falco-outputs/testing";
import { describe, expect, it } from "vitest";
import { priorityNames } from "../priority.js";
import { readText, textPrefix } from "./read-text.js";

/** A time of the local clock, in seconds since 1970. */
const local = (...parts: [number, number, number, number, number, number]) =>
  new Date(...parts).getTime() / 1000;

describe("readText", () => {
  it("reads the text form of Falco's, and nothing else of what Falco prints", () => {
    const alerts = fixtureLines("alerts.txt").map((line) => readText(line));
    expect(alerts.map((alert) => alert?.output)).toEqual([
      ...fixtureLines("alerts.txt").slice(0, 4),
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(alerts.slice(0, 4).map((alert) => alert?.priority)).toEqual([5, 4, 2, 6]);
  });

  it("takes the whole line for the output, as Falco did, and reads nothing else from it", () => {
    const output = "2026-01-31T23:59:59.5Z: Critical  two  spaces, a colon: and (user=root)\t";
    expect(readText(output)).toEqual({
      time: { seconds: Date.UTC(2026, 0, 31, 23, 59, 59) / 1000, nanos: 500_000_000 },
      priority: 2,
      rule: "",
      output,
      outputFields: new Map(),
      hostname: "",
      tags: [],
      source: "",
    });
  });

  it.each([
    ["2026-06-02T09:14:09.000000001+0000", "2026-06-02T09:14:09Z", 1],
    ["2026-06-02T09:14:09+02:00", "2026-06-02T07:14:09Z", 0],
    ["2026-06-02T09:14:09Z", "2026-06-02T09:14:09Z", 0],
    ["2026-06-02T09:14:09", "2026-06-02T09:14:09Z", 0],
    ["2026-06-02 09:14:09.5", "2026-06-02T09:14:09Z", 500_000_000],
  ])("reads the ISO time %s", (iso, whole, nanos) => {
    const time = { seconds: Date.parse(whole) / 1000, nanos };
    expect(readText(`${iso}: Notice text`)?.time).toEqual(time);
  });

  it.each([
    // The clock, now, and the day of June on which it was.
    ["23:59:59", new Date(2026, 5, 3, 0, 0, 5), 2],
    ["00:00:05", new Date(2026, 5, 2, 23, 59, 59), 3],
    ["12:00:00", new Date(2026, 5, 2, 12, 0, 0), 2],
    ["11:59:00", new Date(2026, 5, 2, 0, 0, 0), 2],
    ["12:01:00", new Date(2026, 5, 2, 0, 0, 0), 1],
  ])("takes the clock time %s at %s for the nearest", (clock, now, day) => {
    const [hour, minute, second] = clock.split(":").map(Number) as [number, number, number];
    expect(readText(`${clock}.000000007: Notice text`, now)?.time).toEqual({
      seconds: local(2026, 5, day, hour, minute, second),
      nanos: 7,
    });
  });

  it("crosses a year's end", () => {
    const time = readText("23:59:59.9: Notice text", new Date(2026, 0, 1, 0, 0, 1))?.time;
    expect(time).toEqual({ seconds: local(2025, 11, 31, 23, 59, 59), nanos: 900_000_000 });
  });

  it.each([...priorityNames, "info", "NOTICE", "debug"])("reads the priority %s in any case", (name) => {
    const number = priorityNames.findIndex((known) => known.toLowerCase().startsWith(name.toLowerCase()));
    expect(readText(`10:00:00: ${name} text`)?.priority).toBe(number);
  });

  it.each([
    "",
    "Critical text",
    "10:00:00: text without a priority",
    "10:00:00: Urgent text",
    "10:00:00 Critical text",
    "10:00:00:Critical text",
    " 10:00:00: Critical text",
    "24:00:00: Critical text",
    "10:60:00: Critical text",
    "10:00:00.1234567890: Critical text",
    "2026-02-30T10:00:00Z: Critical text",
    "2026-06-02: Critical text",
    "Events detected: 12",
  ])("finds no alert in %j", (line) => {
    expect(readText(line)).toBeUndefined();
  });
});

describe("textPrefix", () => {
  it.each([...priorityNames, "info", "NOTICE"])("is a time and the priority %s", (name) => {
    for (const time of ["10:00:00", "2026-06-02T09:14:09.000000001+0000", "2026-06-02 09:14:09.5"]) {
      expect(`${time}: ${name} text: a`.replace(textPrefix, "")).toBe("text: a");
    }
  });

  it.each(["10:00:00: Something happened", "10:00:00: Noticed it", "Notice text", "10:00:00: Notice"])(
    "is not the beginning of %j",
    (text) => {
      expect(text).not.toMatch(textPrefix);
    },
  );
});
