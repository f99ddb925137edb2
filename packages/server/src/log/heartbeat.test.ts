import { setImmediate as turn } from "node:timers/promises";
import { fromBinary } from "@bufbuild/protobuf";
import { OutputsResponseSchema } from "@falco-outputs/core/contract";
import { describe, expect, it } from "vitest";
import type { Cursor, Slice } from "./alert-log.js";
import { MemoryLog } from "./memory-log.js";
import { alertsOf, batchOf, lossOf, never } from "./testing/alerts.js";
import { allow } from "./testing/filters.js";

const observer = {
  mode: "broadcast",
  follow: true,
  after: undefined,
  filter: undefined,
  window: undefined,
} as const;
const generous = 64 * 1024;

const next = async (cursor: Cursor) => cursor.next(generous, never);

/** How far a heartbeat says that the log was looked at. */
function scannedIn(slice: Slice | undefined): number {
  expect(slice?.count).toBe(0);
  return Number(fromBinary(OutputsResponseSchema, slice!.bytes.subarray(5)).scanned);
}

describe("a heartbeat", () => {
  it("goes to a cursor that waits, and tells how far it has looked", async () => {
    const log = new MemoryLog();
    const cursor = await log.open({ ...observer, filter: allow({ rules: ["a"] }) });
    const first = next(cursor);
    const { last } = log.append(batchOf("x", "y"));
    await turn();
    expect(cursor.heartbeat()).toBe(true);
    expect(scannedIn(await first)).toBe(last);
    // It takes nothing away.
    const second = next(cursor);
    log.append(batchOf("a"));
    expect(alertsOf((await second)!)).toMatchObject([{ rule: "a" }]);
  });

  it("does not go to a cursor that does not wait", async () => {
    const log = new MemoryLog();
    const cursor = await log.open(observer);
    expect(cursor.heartbeat()).toBe(false);
    log.append(batchOf("a"));
    await next(cursor);
    expect(cursor.heartbeat()).toBe(false);
    const stop = new AbortController();
    const waiting = Promise.resolve(cursor.next(generous, stop.signal));
    stop.abort(new Error("gone"));
    await expect(waiting).rejects.toThrow("gone");
    expect(cursor.heartbeat()).toBe(false);
  });

  it("goes to a member whose window is full, and counts for no acknowledgement", async () => {
    const log = new MemoryLog({ window: 1 });
    const cursor = await log.open({
      mode: "group",
      group: "g",
      follow: true,
      acknowledge: true,
      after: undefined,
      filter: undefined,
    });
    log.append(batchOf("a", "b"));
    await next(cursor);
    const waiting = next(cursor);
    expect(cursor.heartbeat()).toBe(true);
    scannedIn(await waiting);
    expect(() => cursor.acknowledge(2)).toThrow("acknowledged: 2, but 1 responses were sent");
    const second = next(cursor);
    cursor.acknowledge(1);
    expect(alertsOf((await second)!)).toMatchObject([{ rule: "b" }]);
  });

  it.each([
    ["many alerts", 20_000, "x"],
    ["few large ones", 40, "x".repeat(200_000)],
  ])("comes while a long search goes on, also for one that does not follow: %s", async (_, count, rule) => {
    const log = new MemoryLog();
    const { first, last } = log.append(batchOf(...Array.from({ length: count }, () => rule)));
    const cursor = await log.open({ ...observer, follow: false, after: 0, filter: allow({ rules: ["a"] }) });
    const waiting = next(cursor);
    expect(cursor.heartbeat()).toBe(true);
    const scanned = scannedIn(await waiting);
    expect(scanned).toBeGreaterThan(first);
    expect(scanned).toBeLessThan(last);
    expect(await next(cursor)).toBeUndefined();
    expect(cursor.scanned).toBe(last);
  });

  it("does not come before a loss that is to be told", async () => {
    const log = new MemoryLog({ maxAlerts: 5_000 });
    const cursor = await log.open({ ...observer, filter: allow({ rules: ["a"] }) });
    const waiting = next(cursor);
    log.append(batchOf(...Array.from({ length: 5_000 }, () => "x")));
    // The search has begun, and takes turns.
    await Promise.resolve();
    const { first } = log.append(batchOf("a", ...Array.from({ length: 6_000 }, () => "x")));
    expect(cursor.heartbeat()).toBe(false);
    const [loss] = alertsOf((await waiting)!);
    expect(lossOf(loss!)).toEqual({ cause: "slow", lost: 1, first, last: first });
  });
});

describe("a filtered cursor that the log overtakes", () => {
  it("is told only what would have passed", async () => {
    const log = new MemoryLog({ maxAlerts: 4 });
    const cursor = await log.open({ ...observer, filter: allow({ rules: ["a"] }) });
    const { first } = log.append(batchOf("x", "a", "x", "x", "a", "x", "x", "x", "x", "x"));
    expect(log.stats().broadcast).toMatchObject({ lost: 2, filtered: 4, waiting: 4 });
    const [loss] = alertsOf((await next(cursor))!);
    expect(lossOf(loss!)).toEqual({ cause: "slow", lost: 2, first: first + 1, last: first + 4 });
    log.append(batchOf("x", "x", "x", "x", "x", "x", "x", "x"));
    const waiting = next(cursor);
    log.append(batchOf("a"));
    expect(alertsOf((await waiting)!)).toMatchObject([{ rule: "a" }]);
    expect(log.stats().broadcast).toMatchObject({ lost: 2, delivered: 1, filtered: 16, waiting: 0 });
  });

  it("is told only what was in its time window", async () => {
    const log = new MemoryLog({ maxAlerts: 1 });
    const cursor = await log.open({ ...observer, window: { since: 5n, until: undefined } });
    const { first } = log.append(batchOf({ time: 5n }, { time: 4n }, { time: 1n }, { time: 9n }));
    const [loss] = alertsOf((await next(cursor))!);
    expect(lossOf(loss!)).toEqual({ cause: "slow", lost: 1, first, last: first });
  });

  it("loses everything that comes while a group has no members", async () => {
    const log = new MemoryLog({ maxAlerts: 1 });
    const subscription = {
      mode: "group",
      group: "g",
      follow: true,
      acknowledge: false,
      after: undefined,
      filter: allow({ rules: ["a"] }),
    } as const;
    const gone = await log.open(subscription);
    await gone.close();
    const { looked } = log.stats();
    log.append(batchOf("x", "a", "x"));
    expect(log.stats().groups.g).toMatchObject({ lost: 2, filtered: 0, waiting: 1 });
    expect(log.stats().looked).toBe(looked);
  });
});
