import { Code } from "@falco-outputs/core";
import { encodeLine } from "@falco-outputs/core/codec";
import type { OutputsResponse } from "@falco-outputs/core/contract";
import { describe, expect, it } from "vitest";
import { joinPieces } from "../alert-batch.js";
import type { Cursor, Slice } from "./alert-log.js";
import { MemoryLog, type MemoryLogOptions } from "./memory-log.js";
import { alertsOf, batchOf, never, readAll as readRest } from "./testing/alerts.js";
import { allow } from "./testing/filters.js";

const shared = { mode: "shared", follow: true, acknowledge: false } as const;
const observer = {
  mode: "broadcast",
  follow: true,
  after: undefined,
  filter: undefined,
  window: undefined,
} as const;
const drain = { mode: "shared", follow: false, acknowledge: false } as const;

function rulesFrom(first: number, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `rule ${first + index}`);
}

async function readAll(log: MemoryLog): Promise<OutputsResponse[]> {
  const cursor = await log.open(drain);
  const alerts = await readRest(cursor);
  await cursor.close();
  return alerts;
}

function logWith(options?: MemoryLogOptions) {
  const losses: number[] = [];
  return { log: new MemoryLog({ ...options, onLoss: (_, count) => losses.push(count) }), losses };
}

describe("MemoryLog", () => {
  it("gives back what was appended, in order, numbered from the microsecond of its creation", async () => {
    const before = BigInt(Date.now()) * 1000n;
    const { log } = logWith();
    const first = log.append(batchOf("a", "b"));
    const second = log.append(batchOf("c"));
    expect(second.first).toBe(first.last + 1);
    const alerts = await readAll(log);
    expect(alerts.map((alert) => alert.rule)).toEqual(["a", "b", "c"]);
    expect(alerts.map((alert) => alert.sequence)).toEqual([0n, 1n, 2n].map((n) => BigInt(first.first) + n));
    expect(alerts[0]!.sequence).toBeGreaterThan(before);
    expect(alerts[0]!.sequence).toBeLessThanOrEqual(BigInt(Date.now()) * 1000n + 1n);
    expect(await readAll(log)).toEqual([]);
  });

  it("takes a batch of none", async () => {
    const { log } = logWith();
    log.append(batchOf());
    log.append(batchOf("a"));
    expect(await readAll(log)).toHaveLength(1);
  });

  it.each([1, 100, 1000, 64 * 1024])(
    "hands out slices of at most %i bytes, or a single alert",
    async (limit) => {
      const { log } = logWith();
      log.append(batchOf(...rulesFrom(0, 500)));
      const cursor = await log.open(drain);
      const rules: string[] = [];
      for (;;) {
        const slice = await cursor.next(limit, never);
        if (slice === undefined) break;
        expect(slice.count === 1 || slice.bytes.length <= limit).toBe(true);
        rules.push(...alertsOf(slice).map((alert) => alert.rule));
      }
      expect(rules).toEqual(rulesFrom(0, 500));
    },
  );

  it("holds alerts of every size up to 1 MiB, across slabs", async () => {
    const { log } = logWith();
    const sizes = [1, 300_000, 1024 * 1024 - 100, 900_000, 5, 700_000];
    log.append(batchOf(...sizes.map((size) => "x".repeat(size))));
    expect((await readAll(log)).map((alert) => alert.rule.length)).toEqual(sizes);
  });

  it("retains no more alerts than it may, and counts what nobody had taken", async () => {
    const { log, losses } = logWith({ maxAlerts: 10 });
    log.append(batchOf(...rulesFrom(0, 8)));
    log.append(batchOf(...rulesFrom(8, 7)));
    expect(losses).toEqual([5]);
    expect(log.stats()).toMatchObject({ appended: 15, retained: 10 });
    expect(log.stats().groups[""]).toMatchObject({ lost: 5, delivered: 0, waiting: 10 });
    const [loss, ...rest] = await readAll(log);
    expect(loss).toMatchObject({
      source: "internal",
      sequence: 0n,
      outputFields: { lost: "5", cause: "overflow" },
    });
    expect(rest.map((alert) => alert.rule)).toEqual(rulesFrom(5, 10));
    // Taken alerts are retained all the same, and their eviction is no loss.
    log.append(batchOf(...rulesFrom(15, 10)));
    expect(losses).toEqual([5]);
    expect(log.stats()).toMatchObject({ appended: 25, retained: 10 });
    expect(log.stats().groups[""]).toMatchObject({ lost: 5, delivered: 10, waiting: 10 });
  });

  it("knows the least and the greatest time of what it retains", () => {
    const { log } = logWith({ maxAlerts: 3 });
    expect(log.stats()).toMatchObject({ first: 0, last: 0, earliestUs: undefined, latestUs: undefined });
    const at = (seconds: bigint, nanos = 0) => ({ time: seconds * 1_000_000_000n + BigInt(nanos) });
    log.append(batchOf(at(10n), at(70n), at(30n), at(20n, 1_999)));
    const { first, last } = log.append(batchOf(at(40n)));
    expect(log.stats()).toMatchObject({
      first: first - 2,
      last,
      earliestUs: 20_000_001,
      latestUs: 40_000_000,
    });
    const large = "x".repeat(1_000_000);
    log.append(batchOf({ ...at(5n), output: large }, { ...at(6n), output: large }));
    expect(log.stats()).toMatchObject({ earliestUs: 5_000_000, latestUs: 40_000_000 });
  });

  it("takes for an alert without a time that of its arrival", () => {
    const { log } = logWith({ maxAlerts: 2 });
    const before = Date.now() * 1_000;
    const timeless = encodeLine('{"rule":"r","priority":"Notice"}');
    log.append(batchOf({ time: 1n }));
    log.append(joinPieces([timeless, timeless]));
    const { earliestUs, latestUs } = log.stats();
    expect(earliestUs).toBeGreaterThanOrEqual(before);
    expect(latestUs).toBeGreaterThanOrEqual(earliestUs!);
    expect(latestUs).toBeLessThanOrEqual(Date.now() * 1_000);
  });

  it("takes no more memory than it may", async () => {
    const maxBytes = 4 * 1024 * 1024;
    const { log } = logWith({ maxBytes });
    for (let index = 0; index < 100; index++) {
      log.append(batchOf(`${index} ${"x".repeat(100_000)}`));
      expect(log.stats().retainedBytes).toBeLessThanOrEqual(maxBytes);
    }
    const { retained } = log.stats();
    const { lost } = log.stats().groups[""]!;
    expect(retained + lost).toBe(100);
    const [loss, ...rest] = await readAll(log);
    expect(loss?.outputFields.lost).toBe(`${lost}`);
    expect(rest.map((alert) => Number.parseInt(alert.rule, 10))).toEqual(
      Array.from({ length: retained }, (_, index) => lost + index),
    );
    expect(retained).toBeGreaterThan(20);
  });

  it("leaves a slice as it is when its alerts are evicted meanwhile", async () => {
    const { log } = logWith({ maxAlerts: 3 });
    log.append(batchOf("a", "b", "c"));
    const slice = (await (await log.open(drain)).next(1000, never))!;
    for (let index = 0; index < 50; index++) log.append(batchOf("y".repeat(100_000)));
    expect(alertsOf(slice).map((alert) => alert.rule)).toEqual(["a", "b", "c"]);
  });

  it("holds the memory of a slice until the next one is asked for, or its cursor is closed", async () => {
    const { log } = logWith({ maxAlerts: 1 });
    const overflow = () => log.append(batchOf("x".repeat(1_000_000), "y".repeat(1_000_000)));
    const [asking, closed] = [await log.open(observer), await log.open(observer)];
    log.append(batchOf("a"));
    for (const cursor of [asking, closed]) await cursor.next(1000, never);
    overflow();
    expect(log.stats().pinnedBytes).toBe(1024 * 1024);
    await closed.close();
    expect(log.stats().pinnedBytes).toBe(1024 * 1024);
    await asking.next(1000, never);
    expect(log.stats().pinnedBytes).toBe(0);
  });

  it("takes the memory back from who holds it too long, and says so", async () => {
    const { log } = logWith({ maxAlerts: 1, maxPinnedBytes: 0 });
    const reasons: Error[] = [];
    const cursor = await log.open(observer, (reason) => reasons.push(reason));
    log.append(batchOf("a"));
    await cursor.next(1000, never);
    log.append(batchOf("x".repeat(1_000_000), "y".repeat(1_000_000)));
    expect(reasons).toEqual([expect.objectContaining({ code: Code.ResourceExhausted })]);
    expect(log.stats().pinnedBytes).toBe(0);
  });

  it("counts copies of picked alerts as memory that is held, until they are released", async () => {
    const { log } = logWith();
    const filtered = await log.open({ ...observer, filter: allow({ rules: ["a", "c"] }) });
    const [leaving, redelivered] = [
      await log.open({ ...shared, acknowledge: true }),
      await log.open({ ...shared, follow: false }),
    ];
    log.append(batchOf("a", "b", "c", "d"));
    const picked = (await filtered.next(64 * 1024, never))!;
    expect(alertsOf(picked).map(({ rule }) => rule)).toEqual(["a", "c"]);
    expect(log.stats().pinnedBytes).toBe(picked.bytes.length);
    await leaving.next(64 * 1024, never);
    await leaving.close();
    const again = (await redelivered.next(64 * 1024, never))!;
    expect(log.stats().pinnedBytes).toBe(picked.bytes.length + again.bytes.length);
    await redelivered.next(64 * 1024, never);
    expect(log.stats().pinnedBytes).toBe(picked.bytes.length);
    await filtered.close();
    expect(log.stats().pinnedBytes).toBe(0);
  });

  it("holds copies within the bound, and takes back those that were held longest", async () => {
    const { log } = logWith({ maxPinnedBytes: 100_000 });
    const ended: number[] = [];
    const cursors = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        log.open({ ...observer, filter: allow({ rules: ["a"] }) }, () => ended.push(index)),
      ),
    );
    log.append(batchOf({ rule: "a", output: "x".repeat(30_000) }));
    for (const cursor of cursors) await cursor.next(64 * 1024, never);
    expect(log.stats().pinnedBytes).toBeLessThanOrEqual(100_000);
    expect(log.stats().pinnedBytes).toBeGreaterThan(60_000);
    expect(ended).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it("does not copy an alert that is larger than a slice", async () => {
    const { log } = logWith();
    const filter = allow({ rules: ["a"] });
    const cursors = await Promise.all([0, 1, 2].map(() => log.open({ ...observer, filter })));
    log.append(batchOf({ rule: "a", output: "x".repeat(100_000) }));
    const slices = await Promise.all(cursors.map((cursor) => cursor.next(64 * 1024, never)));
    expect(new Set(slices.map((slice) => slice!.bytes.buffer)).size).toBe(1);
    expect(log.stats().pinnedBytes).toBe(0);
    log.append(batchOf(...Array.from({ length: 200 }, () => "y".repeat(1_000_000))));
    expect(log.stats().pinnedBytes).toBe(1024 * 1024);
  });

  it.each([
    [{ maxAlerts: 0 }, "maxAlerts: 0, expected a whole number of at least 1"],
    [{ maxAlerts: Number.NaN }, "maxAlerts: NaN"],
    [{ maxBytes: 1024 }, "maxBytes: 1024, expected a whole number of at least 4194304"],
    [{ maxPinnedBytes: -1 }, "maxPinnedBytes: -1, expected a whole number of at least 0"],
    [{ maxGroups: 0.5 }, "maxGroups: 0.5, expected"],
    [{ window: Number.POSITIVE_INFINITY }, "window: Infinity, expected"],
  ])("refuses %o", (options, message) => {
    expect(() => new MemoryLog(options)).toThrow(message);
  });
});

it("takes undefined for the default", async () => {
  const options = { maxAlerts: undefined, maxBytes: undefined, window: undefined, onLoss: undefined };
  const { log } = logWith(options as unknown as MemoryLogOptions);
  log.append(batchOf("a"));
  expect((await log.open({ ...shared, acknowledge: true })).window).toBe(4096);
  expect(await readAll(log)).toHaveLength(1);
});

describe("the shared queue", () => {
  it("wakes a cursor that waits", async () => {
    const { log } = logWith();
    const cursor = await log.open(shared);
    const next = cursor.next(1000, never);
    log.append(batchOf("a"));
    expect(alertsOf((await next)!)[0]!.rule).toBe("a");
  });

  it("rejects with the signal's reason, and gives the alert to another one", async () => {
    const { log } = logWith();
    const [gone, other] = [await log.open(shared), await log.open(shared)];
    const controller = new AbortController();
    const next = gone.next(1000, controller.signal) as Promise<Slice>;
    const reason = new Error("gone");
    controller.abort(reason);
    await expect(next).rejects.toBe(reason);
    expect(() => gone.next(1000, controller.signal)).toThrow(reason);
    await gone.close();
    const received = other.next(1000, never);
    log.append(batchOf("a"));
    expect(alertsOf((await received)!)).toHaveLength(1);
  });

  it("gives one alert at a time to one cursor after the other", async () => {
    const { log } = logWith();
    const order: number[] = [];
    const cursors = await Promise.all([0, 1, 2].map(() => log.open(shared)));
    const read = async (cursor: Cursor, index: number) => {
      for (;;) {
        const slice = await cursor.next(1000, never);
        if (slice === undefined) return;
        order.push(...alertsOf(slice).map(() => index));
      }
    };
    const readers = cursors.map(read);
    for (let round = 1; round <= 9; round++) {
      log.append(batchOf("a"));
      await expect.poll(() => order.length).toBe(round);
    }
    expect(order).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2]);
    await log.close();
    await Promise.all(readers);
  });

  it("splits what came at once among those who wait", async () => {
    const { log } = logWith();
    const cursors = await Promise.all([0, 1, 2].map(() => log.open(shared)));
    const slices = cursors.map((cursor) => cursor.next(64 * 1024, never));
    for (const rule of rulesFrom(0, 100)) log.append(batchOf(rule));
    const counts = (await Promise.all(slices)).map((slice) => slice!.count);
    expect(counts).toEqual([34, 33, 33]);
  });

  it("leaves to those who do not ask at the moment their share, but not forever", async () => {
    const { log } = logWith();
    const [asking] = [await log.open(shared), await log.open(shared)];
    log.append(batchOf(...rulesFrom(0, 100)));
    const counts: number[] = [];
    while (log.stats().groups[""]!.delivered < 100) counts.push((await asking.next(64 * 1024, never))!.count);
    expect(counts[0]).toBe(50);
    expect(counts.reduce((sum, count) => sum + count)).toBe(100);
  });

  it("ends a drain that finds nothing left, also when another one took it", async () => {
    const { log } = logWith();
    const [first, second] = [await log.open(drain), await log.open(drain)];
    log.append(batchOf("a"));
    const [one, two] = await Promise.all([first.next(1000, never), second.next(1000, never)]);
    expect([one?.count, two?.count]).toEqual([1, undefined]);
  });

  it("ends every cursor when the log is closed", async () => {
    const { log } = logWith();
    const cursor = await log.open(shared);
    const next = cursor.next(1000, never);
    await log.close();
    expect(await next).toBeUndefined();
    expect(await cursor.next(1000, never)).toBeUndefined();
  });
});
