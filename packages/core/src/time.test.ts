import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatTime, parseTime } from "./time.js";

const seconds = (iso: string) => Date.parse(iso) / 1000;

describe("parseTime", () => {
  it.each([
    ["2026-01-31T23:59:59.123456789Z", "2026-01-31T23:59:59Z", 123_456_789],
    ["2026-01-31T23:59:59Z", "2026-01-31T23:59:59Z", 0],
    ["2021-02-08T20:19:15.32511996Z", "2021-02-08T20:19:15Z", 325_119_960],
    ["2026-01-31T23:59:59.5+02:00", "2026-01-31T21:59:59Z", 500_000_000],
    ["2026-01-31T23:59:59+0000", "2026-01-31T23:59:59Z", 0],
    ["2026-01-31T23:59:59-0130", "2026-02-01T01:29:59Z", 0],
    ["2026-01-31t23:59:59z", "2026-01-31T23:59:59Z", 0],
    ["2026-01-31 23:59:59Z", "2026-01-31T23:59:59Z", 0],
    ["2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z", 0],
    ["2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z", 0],
    ["1969-12-31T23:59:59.25Z", "1969-12-31T23:59:59Z", 250_000_000],
    ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z", 0],
    ["9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59Z", 999_999_999],
  ])("reads %s", (text, whole, nanos) => {
    expect(parseTime(text)).toEqual({ seconds: seconds(whole), nanos });
  });

  it.each([
    "",
    "2026-01-31",
    "2026-01-31T23:59:59",
    "2026-01-31T23:59:59.Z",
    "2026-01-31T23:59:59.1234567890Z",
    "2026-01-31T24:00:00Z",
    "2026-01-31T23:60:00Z",
    "2026-01-31T23:59:61Z",
    "2026-02-29T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-00-01T00:00:00Z",
    "2026-01-00T00:00:00Z",
    "2026-01-31T23:59:59+24:00",
    "2026-01-31T23:59:59+00:60",
    "0000-12-31T23:59:59Z",
    "0001-01-01T00:00:00+00:01",
    "9999-12-31T23:59:59-00:01",
    "2026-01-31T23:59:59Zx",
    " 2026-01-31T23:59:59Z",
  ])("knows no time in %j", (text) => {
    expect(parseTime(text)).toBeUndefined();
  });
});

describe("formatTime", () => {
  it("writes nine digits, in UTC, as Falco does", () => {
    expect(formatTime(BigInt(seconds("2026-01-31T23:59:59Z")), 5)).toBe("2026-01-31T23:59:59.000000005Z");
    expect(formatTime(BigInt(seconds("0099-03-01T00:00:00Z")), 0)).toBe("0099-03-01T00:00:00.000000000Z");
  });

  it.each([
    [-62_135_596_801n, 0],
    [253_402_300_800n, 0],
    [0n, -1],
    [0n, 1_000_000_000],
  ])("has no text for %d seconds and %d nanoseconds", (whole, nanos) => {
    expect(formatTime(whole, nanos)).toBeUndefined();
  });

  it("writes what parseTime reads, for every time that protobuf has", () => {
    const instants = fc.record({
      seconds: fc.integer({ min: -62_135_596_800, max: 253_402_300_799 }),
      nanos: fc.integer({ min: 0, max: 999_999_999 }),
    });
    fc.assert(
      fc.property(instants, (instant) => {
        expect(parseTime(formatTime(BigInt(instant.seconds), instant.nanos)!)).toEqual(instant);
      }),
    );
  });
});
