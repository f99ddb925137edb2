import { encodeLine } from "@falco-outputs/core/codec";
import { expect, it } from "vitest";
import { timeOf } from "./time-of.js";

const alert = (time: string) => encodeLine(JSON.stringify({ rule: "r", priority: "Notice", time }));

it.each([
  ["2026-06-02T09:14:07.123456789Z", Date.UTC(2026, 5, 2, 9, 14, 7) * 1000 + 123_456],
  ["2026-06-02T09:14:07Z", Date.UTC(2026, 5, 2, 9, 14, 7) * 1000],
  ["1970-01-01T00:00:00.000001Z", 1],
  ["1969-12-31T23:59:59.999999Z", -1],
])("reads %s", (time, us) => {
  expect(timeOf(alert(time))).toBe(us);
});

it("returns 0 for an alert without a time", () => {
  expect(timeOf(encodeLine('{"rule":"r","priority":"Notice"}'))).toBe(0);
});
