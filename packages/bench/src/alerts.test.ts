import { createHash } from "node:crypto";
import { fromBinary } from "@bufbuild/protobuf";
import { OutputsResponseSchema } from "@falco-outputs/core/contract";
import { expect, it } from "vitest";
import { makeAlerts } from "./alerts.js";

const { lines, encoded } = makeAlerts();

it("are 2,048, of sixteen rules and more, each of 700 to 800 bytes", () => {
  const sizes = encoded.map(({ length }) => length);
  expect(Math.min(...sizes)).toBeGreaterThanOrEqual(700);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(800);
  expect(new Set(lines).size).toBe(2048);
  const rules = encoded.map((bytes) => fromBinary(OutputsResponseSchema, bytes).rule);
  expect(new Set(rules).size).toBeGreaterThanOrEqual(16);
});

it("are what Falco writes: large integers, null, lists, escapes, text beyond ASCII", () => {
  const all = lines.join("\n");
  for (const part of [
    /"evt\.time":17\d{17},/,
    /:null,/,
    /:true,/,
    /\["sha256:/,
    /\\"/,
    /søren/,
    /:18446744073709551615,/,
  ])
    expect(all).toMatch(part);
});

it("are the same in every process", () => {
  const hash = createHash("sha256").update(lines.join("\n")).digest("hex");
  expect(hash).toMatchInlineSnapshot(`"5ed2b6a21686dd8813e124ccc08ebe75a05532ce1078f4c36c5659e0fe5cca0c"`);
});
