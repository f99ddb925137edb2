import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer } from "@falco-outputs/server";
import { fixtureLines } from "@falco-outputs/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ran } from "../testing/in-process.js";

const alerts = fixtureLines("alerts.jsonl");

let folder: string;
let directory: string;
let first: bigint;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "log-"));
  directory = join(folder, "log");
  await using server = await startServer({ listen: [], log: { directory } });
  [first] = (await Promise.all(alerts.map((alert) => server.publish(alert)))) as [bigint];
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Changes a byte in the middle of the log's file. */
function damage(): void {
  const file = join(directory, readdirSync(directory).find((name) => name.endsWith(".log"))!);
  const bytes = readFileSync(file);
  bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
  writeFileSync(file, bytes);
}

it("info says what is in a log", async () => {
  const { status, out } = await ran("log", "info", directory);
  expect(status).toBe(0);
  expect(out).toContain(`directory: ${directory}\n`);
  expect(out).toContain("in use:    no\n");
  expect(out).toMatch(new RegExp(`alerts:    ${alerts.length}, from 2021-\\S+Z to 2026-\\S+Z\n`));
  expect(out).toContain(`numbers:   ${first} to ${first + BigInt(alerts.length - 1)}\n`);
});

it("info says who uses it", async () => {
  await using server = await startServer({ listen: [], log: { directory } });
  const { out } = await ran("log", "info", directory, "-o", "json");
  const { user, groups, segments, latest } = JSON.parse(out);
  expect(server.stats().retained).toBe(alerts.length);
  expect(user).toBe(`process ${process.pid}`);
  expect(groups).toEqual([]);
  expect(segments).toMatchObject([{ alerts: alerts.length }]);
  expect(latest).toMatch(/^2026-/);
});

it("verify finds nothing in a whole log, and says where one is damaged", async () => {
  const whole = await ran("log", "verify", directory);
  expect(whole.status).toBe(0);
  expect(whole.out).toContain("damage:    none\n");
  damage();
  const damaged = await ran("log", "verify", directory);
  expect(damaged).toMatchObject({
    status: 1,
    err: `falco-outputs: ${directory}: a part of the log is damaged\n`,
  });
  expect(damaged.out).toMatch(/\.log: damaged, \d+ bytes from \d+: \d+ alerts lost\n/);
});

it("export prints Falco's JSON, digit for digit, with the command's filters", async () => {
  const { status, out } = await ran("log", "export", directory);
  expect(status).toBe(0);
  const lines = out.split("\n").slice(0, -1);
  expect(lines).toHaveLength(alerts.length);
  expect(lines.map((line) => JSON.parse(line).rule)).toEqual(alerts.map((line) => JSON.parse(line).rule));
  const { rule } = JSON.parse(alerts[0]!);
  const filtered = await ran("log", "export", directory, "--rule", rule, "-o", "compact");
  const expected = alerts.filter((line) => JSON.parse(line).rule === rule);
  expect(filtered.out.split("\n").slice(0, -1)).toHaveLength(expected.length);
  expect((await ran("log", "export", directory, "--since", "2090-01-01")).out).toBe("");
});

it("export prints what can be read of a damaged log, and fails", async () => {
  damage();
  const { status, err } = await ran("log", "export", directory);
  expect(status).toBe(1);
  expect(err).toMatch(/: \d+ alerts? cannot be read \(log verify says where\)\n$/);
});

it("says what is not a log", async () => {
  const { status, err } = await ran("log", "info", folder);
  expect({ status, err }).toEqual({ status: 1, err: `falco-outputs: ${folder}: there is no log in it\n` });
});
