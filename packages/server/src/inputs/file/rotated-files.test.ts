import { expect, it } from "vitest";
import { rotationSuffix } from "./rotated-files.js";

it.each([
  ["alerts.json", ""],
  ["alerts.json.1", ".1"],
  ["alerts.json.12.gz", ".12"],
  ["alerts.json-20260131", "-20260131"],
  ["alerts.json-2026-01-31T23:59:59Z.zst", "-2026-01-31T23:59:59Z"],
  ["alerts-20260131.json", "-20260131"],
  ["alerts.1.json.gz", ".1"],
  ["alerts.json.old", undefined],
  ["alerts.json.1.swp", undefined],
  ["alerts.json.state", undefined],
  ["alerts-node2.json", undefined],
  ["alerts2.json", undefined],
  ["other.json.1", undefined],
])("tells what rotation made of alerts.json: %s", (name, suffix) => {
  expect(rotationSuffix("alerts.json", name)).toBe(suffix);
});
