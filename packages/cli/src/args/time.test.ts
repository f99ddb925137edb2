import { afterEach, expect, it, vi } from "vitest";
import { timeNs } from "./time.js";

afterEach(() => vi.unstubAllEnvs());

const now = Date.parse("2026-11-27T12:00:00.500Z");
const at = (text: string) => {
  const ns = timeNs(text, now);
  return ns === undefined
    ? undefined
    : `${new Date(Number(ns / 1_000_000n)).toISOString()} ${ns % 1_000_000n}`;
};

it.each([
  ["90m", "2026-11-27T10:30:00.500Z 0"],
  ["2h", "2026-11-27T10:00:00.500Z 0"],
  ["1d", "2026-11-26T12:00:00.500Z 0"],
  ["1w", "2026-11-20T12:00:00.500Z 0"],
  ["1h30m", "2026-11-27T10:30:00.500Z 0"],
  ["1.5h", "2026-11-27T10:30:00.500Z 0"],
  ["500ms", "2026-11-27T12:00:00.000Z 0"],
  ["0s", "2026-11-27T12:00:00.500Z 0"],
])("takes how long ago: %s", (text, time) => {
  expect(at(text)).toBe(time);
});

it.each([
  ["2026-11-01T00:00:00Z", "2026-11-01T00:00:00.000Z 0"],
  ["2026-11-01T00:00:00.123456789Z", "2026-11-01T00:00:00.123Z 456789"],
  ["2026-11-01t02:00:00+02:00", "2026-11-01T00:00:00.000Z 0"],
  ["2026-11-01 02:00+0200", "2026-11-01T00:00:00.000Z 0"],
  ["1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z 0"],
])("takes a time with an offset: %s", (text, time) => {
  expect(at(text)).toBe(time);
});

it.each([
  ["2026-11-01", "2026-11-01T04:00:00.000Z 0"],
  ["2026-11-02", "2026-11-02T05:00:00.000Z 0"],
  ["2026-11-27T06:30", "2026-11-27T11:30:00.000Z 0"],
  ["2026-11-27 06:30:01.25", "2026-11-27T11:30:01.250Z 0"],
])("takes a time without an offset for one of the local clock: %s", (text, time) => {
  // The clocks go back on November 1.
  vi.stubEnv("TZ", "America/New_York");
  expect(at(text)).toBe(time);
});

it.each([
  "",
  "2",
  "h",
  "-2h",
  "2 h",
  "2y",
  "yesterday",
  "2026-02-30",
  "2026-13-01",
  "2026-11-01T",
  "2026-11-01T25:00Z",
  "2026-11-01T10:00.5Z",
  "2026-11-01T10:00:00.1234567890Z",
  "20261101",
])("takes nothing else: %j", (text) => {
  expect(at(text)).toBeUndefined();
});
