import { BatchEncoder } from "@falco-outputs/core/codec";
import { describe, expect, it } from "vitest";
import type { BroadcastSubscription } from "./alert-log.js";
import { MemoryLog } from "./memory-log.js";
import { alertsOf, batchOf, never, readAll } from "./testing/alerts.js";
import { allow } from "./testing/filters.js";

const everything: BroadcastSubscription = {
  mode: "broadcast",
  follow: false,
  after: 0,
  filter: undefined,
  window: undefined,
};
const nanosInMs = 1_000_000n;
const startMs = Date.UTC(2026, 5, 2);

/** A million alerts, a millisecond apart, not quite in order; each knows its place in time. */
function million(): MemoryLog {
  const log = new MemoryLog({ maxAlerts: 1_000_000, maxBytes: 512 * 1024 * 1024 });
  const encoder = new BatchEncoder();
  const output = "x".repeat(60);
  for (let index = 0; index < 1_000_000; index++) {
    // Each two neighbours have changed places.
    const ms = index ^ 1;
    const time = new Date(startMs + ms).toISOString().replace("Z", "000000Z");
    const line = Buffer.from(`{"output":"${output}","priority":"Notice","rule":"${ms}","time":"${time}"}`);
    encoder.add(line, 0, line.length);
    if (encoder.count === 1_000) log.append(encoder.take());
  }
  return log;
}

describe("since, over a million retained alerts", () => {
  const log = million();
  const slabs = log.stats().retainedBytes / (1024 * 1024);
  const alertsInSlab = Math.ceil(1_000_000 / (slabs - 1));

  /** The rules of the alerts in a window, in their order, and how many alerts were looked at for that. */
  async function read(subscription: BroadcastSubscription) {
    const before = log.stats().looked;
    const cursor = await log.open(subscription);
    const rules = (await readAll(cursor)).map(({ rule }) => Number(rule));
    expect(log.stats().broadcast).toMatchObject({
      delivered: rules.length,
      filtered: 1_000_000 - rules.length,
    });
    await cursor.close();
    return { rules, looked: log.stats().looked - before };
  }

  const atMs = (ms: number) => BigInt(startMs + ms) * nanosInMs;
  const inOrder = (from: number, to: number) =>
    Array.from({ length: 1_000_000 }, (_, index) => index ^ 1).filter((ms) => ms >= from && ms < to);

  it.each([
    ["the last ten seconds", { since: atMs(990_000), until: undefined }, [990_000, 1_000_000], 2],
    ["the first ten seconds", { since: undefined, until: atMs(10_000) }, [0, 10_000], 2],
    ["ten seconds in between", { since: atMs(500_001), until: atMs(510_001) }, [500_001, 510_001], 3],
    ["a later time", { since: atMs(2_000_000), until: undefined }, [0, 0], 0],
    ["an earlier time", { since: undefined, until: atMs(-1) }, [0, 0], 0],
  ] as const)("touches only slabs that can match: %s", async (_, window, [from, to], touched) => {
    const { rules, looked } = await read({ ...everything, window });
    expect(rules).toEqual(inOrder(from, to));
    expect(looked).toBeLessThanOrEqual(touched * alertsInSlab);
  });

  it("returns what a scan of everything returns, with a filter as well", async () => {
    const filter = allow({ rules: ["*7", "99*"] });
    const scanned = await read({ ...everything, filter });
    expect(scanned.looked).toBeGreaterThanOrEqual(1_000_000);
    const window = { since: atMs(700_000), until: undefined };
    const { rules } = await read({ ...everything, filter, window });
    expect(rules).toEqual(scanned.rules.filter((ms) => ms >= 700_000));
  });

  it("skips without taking turns", async () => {
    const cursor = await log.open({ ...everything, window: { since: atMs(999_999), until: undefined } });
    const slice = cursor.next(64 * 1024, never);
    if (slice instanceof Promise || slice === undefined) throw new Error("it did not come at once");
    expect(alertsOf(slice).map(({ rule }) => rule)).toEqual(["999999"]);
    await cursor.close();
  });
});

describe("since", () => {
  it("goes by when an alert without a time arrived", async () => {
    const log = new MemoryLog();
    const encoder = new BatchEncoder();
    const line = Buffer.from('{"priority":"Notice","rule":"timeless"}');
    encoder.add(line, 0, line.length);
    log.append(batchOf({ rule: "old", time: 1n }));
    const beforeMs = Date.now();
    log.append(encoder.take());
    const rulesSince = async (ms: number) => {
      const window = { since: BigInt(ms) * nanosInMs, until: undefined };
      return (await readAll(await log.open({ ...everything, window }))).map(({ rule }) => rule);
    };
    expect(await rulesSince(0)).toEqual(["old", "timeless"]);
    expect(await rulesSince(beforeMs)).toEqual(["timeless"]);
    expect(await rulesSince(Date.now() + 1)).toEqual([]);
  });

  it("applies to what comes later, too", async () => {
    const log = new MemoryLog();
    const window = { since: 5n, until: undefined };
    const cursor = await log.open({ ...everything, follow: true, window });
    const next = cursor.next(64 * 1024, never);
    log.append(batchOf({ rule: "early", time: 4n }, { rule: "late", time: 5n }));
    expect(alertsOf((await next)!).map(({ rule }) => rule)).toEqual(["late"]);
  });
});
