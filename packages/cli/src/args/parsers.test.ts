import { expect, it } from "vitest";
import { parseDuration } from "./parsers.js";

it.each([
  ["500ms", 500],
  ["1.5s", 1_500],
  ["10s", 10_000],
  ["2m", 120_000],
  ["1h", 3_600_000],
])("takes %s for %i ms", (text, durationMs) => {
  expect(parseDuration(text)).toBe(durationMs);
});

it.each(["", "5", "s", "-1s", "1 s", "1d", "0s", "0.1ms", "1e3s", "9999h", ".5s"])("refuses %j", (text) => {
  expect(() => parseDuration(text)).toThrow("expected a duration with its unit");
});
