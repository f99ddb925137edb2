import { setImmediate as turn } from "node:timers/promises";
import { Code } from "@falco-outputs/core";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Cursor, GroupSubscription, Slice } from "./alert-log.js";
import { MemoryLog } from "./memory-log.js";
import { alertsOf, batchOf, lossOf, never, readAll } from "./testing/alerts.js";
import { allow, deny } from "./testing/filters.js";

const generous = 64 * 1024;
const refused = (code: Code, message: string) =>
  expect.objectContaining({ code, message: expect.stringContaining(message) });

function member(options: Partial<GroupSubscription> = {}): GroupSubscription {
  const plain = { follow: true, acknowledge: false, after: undefined, filter: undefined };
  return { mode: "group", group: "pager", ...plain, ...options };
}

function open(log: MemoryLog, options: Partial<GroupSubscription> = {}): Promise<Cursor> {
  return log.open(member(options));
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${index}`);
}

async function next(cursor: Cursor, maxBytes = generous): Promise<Slice> {
  return (await cursor.next(maxBytes, never))!;
}

async function rulesOf(cursor: Cursor, maxBytes?: number): Promise<string[]> {
  return alertsOf(await next(cursor, maxBytes)).map(({ rule }) => rule);
}

/** Whether a promise is settled by now, after everything that could settle it. */
async function isSettled(promise: unknown): Promise<boolean> {
  let settled = false;
  void Promise.resolve(promise).then(() => {
    settled = true;
  });
  for (let turns = 0; turns < 3; turns++) await turn();
  return settled;
}

describe("fair shares", () => {
  it("are split of new alerts, among those who ask", async () => {
    const log = new MemoryLog();
    const members = await Promise.all([open(log), open(log), open(log)]);
    const slices = members.map((cursor) => next(cursor));
    log.append(batchOf(...numbered(10)));
    expect((await Promise.all(slices)).map(({ count }) => count)).toEqual([4, 3, 3]);
  });

  it("are left for members that do not ask at the moment", async () => {
    const log = new MemoryLog();
    const [asking] = [await open(log), await open(log)];
    log.append(batchOf(...numbered(10)));
    expect(await rulesOf(asking)).toEqual(numbered(5));
  });

  it("are split with a filter too, whatever passes", async () => {
    const log = new MemoryLog();
    const filter = allow({ tags: ["even"] });
    const members = await Promise.all([open(log, { filter }), open(log, { filter })]);
    const slices = members.map((cursor) => rulesOf(cursor));
    log.append(batchOf(...numbered(40).map((rule) => ({ rule, tags: +rule % 2 === 0 ? ["even"] : [] }))));
    const even = numbered(40).filter((rule) => +rule % 2 === 0);
    expect(await Promise.all(slices)).toEqual([even.slice(0, 10), even.slice(10)]);
  });

  it("are split of what a member left unacknowledged, before newer alerts", async () => {
    const log = new MemoryLog();
    const gone = await open(log, { acknowledge: true });
    log.append(batchOf(...numbered(8)));
    const given = alertsOf(await next(gone));
    gone.acknowledge(2);
    const [one, two] = await Promise.all([open(log, { acknowledge: true }), open(log)]);
    await gone.close();
    log.append(batchOf("new", "newer"));
    const again = (await Promise.all([next(one), next(two)])).map(alertsOf);
    expect(again.map((alerts) => alerts.map(({ rule }) => rule))).toEqual([
      ["2", "3", "4"],
      ["5", "6", "7"],
    ]);
    expect(again.flat().map(({ sequence }) => sequence)).toEqual(
      given.slice(2).map(({ sequence }) => sequence),
    );
    expect(await Promise.all([rulesOf(one), rulesOf(two)])).toEqual([["new"], ["newer"]]);
    expect(log.stats().groups.pager).toMatchObject({ delivered: 2 + 3 + 1, redelivered: 6, waiting: 4 });
  });
});

describe("a redelivery", () => {
  it("is ascending when members leave one after the other", async () => {
    const log = new MemoryLog();
    const members = await Promise.all([0, 1, 2].map(() => open(log, { acknowledge: true })));
    const slices = members.map((cursor) => next(cursor));
    log.append(batchOf(...numbered(6)));
    await Promise.all(slices);
    for (const cursor of [members[2]!, members[0]!, members[1]!]) await cursor.close();
    expect(await rulesOf(await open(log))).toEqual(numbered(6));
  });

  it("keeps to the size of a slice", async () => {
    const log = new MemoryLog();
    const gone = await open(log, { acknowledge: true });
    log.append(batchOf("a", "b", "c"));
    const { bytes } = await next(gone);
    await gone.close();
    const cursor = await open(log);
    expect(await rulesOf(cursor, bytes.length - 1)).toEqual(["a", "b"]);
    expect(await rulesOf(cursor, 1)).toEqual(["c"]);
  });

  it("wakes a member that waits", async () => {
    const log = new MemoryLog();
    const [gone, waiting] = [await open(log, { acknowledge: true }), await open(log)];
    const given = next(gone);
    log.append(batchOf("a"));
    await given;
    const again = rulesOf(waiting);
    await gone.close();
    expect(await again).toEqual(["a"]);
  });
});

describe("a group's filter", () => {
  it("is the same in another order, and no other while members are there", async () => {
    const log = new MemoryLog();
    const one = await open(log, { filter: allow({ tags: ["a", "b"] }) });
    await open(log, { filter: allow({ tags: ["b", "a", "b"] }) }).then((cursor) => cursor.close());
    for (const filter of [undefined, allow({ tags: ["a"] }), deny({ tags: ["a", "b"] })]) {
      await expect(open(log, { filter })).rejects.toEqual(
        refused(Code.FailedPrecondition, "another filter: use the same, or another group"),
      );
    }
    expect(log.stats().groups.pager!.members).toBe(1);
    await open(log, { group: "other" });
    await one.close();
  });

  it("is replaced when no member is there, for what was not given and for what came back", async () => {
    const log = new MemoryLog();
    const gone = await open(log, { acknowledge: true, filter: allow({ rules: ["a", "b"] }) });
    log.append(batchOf("a", "b", "c"));
    expect(await rulesOf(gone)).toEqual(["a", "b"]);
    await gone.close();
    log.append(batchOf("a", "b", "c"));
    const filter = allow({ rules: ["b"] });
    const alerts = await readAll(await open(log, { follow: false, filter }));
    expect(alerts.map(({ rule }) => rule)).toEqual(["b", "b"]);
    expect(log.stats().groups.pager).toMatchObject({ delivered: 2, filtered: 4, lost: 0, waiting: 0 });
  });

  it("that nothing passes lets others have their turn", async () => {
    const log = new MemoryLog();
    const filter = allow({ rules: ["rare"] });
    const rare = await open(log, { filter });
    const other = await open(log, { group: "other" });
    log.append(batchOf(...numbered(20_000)));
    const found = rulesOf(rare);
    let [turns, read] = [0, 0];
    while (read < 20_000) read += (await next(other)).count;
    while (log.stats().groups.pager!.waiting > 0) {
      await turn();
      turns++;
    }
    expect(turns).toBeGreaterThan(5);
    expect(log.stats().groups.pager).toMatchObject({ filtered: 20_000, delivered: 0 });
    log.append(batchOf("rare"));
    expect(await found).toEqual(["rare"]);
  });

  it("is not looked through for a member that may not be given more", async () => {
    const log = new MemoryLog({ window: 1 });
    const cursor = await open(log, { acknowledge: true, filter: allow({ rules: ["a"] }) });
    log.append(batchOf("a", "b"));
    await next(cursor);
    const turns = vi.spyOn(globalThis, "setImmediate");
    onTestFinished(() => turns.mockRestore());
    const waiting = next(cursor);
    await turn();
    log.append(batchOf("a"));
    await turn();
    expect(turns).not.toHaveBeenCalled();
    cursor.acknowledge(1);
    expect((await waiting).count).toBe(1);
  });
});

describe("a group's place", () => {
  it("is behind `after` when it is created, and only then", async () => {
    const log = new MemoryLog();
    const { first, last } = log.append(batchOf("a", "b", "c"));
    const one = await open(log, { after: first });
    expect(one.position).toBe(first);
    expect(await rulesOf(one)).toEqual(["b", "c"]);
    const two = await open(log, { after: 0 });
    expect(two.position).toBe(last);
    await Promise.all([one.close(), two.close()]);
    log.append(batchOf("d"));
    expect(await rulesOf(await open(log, { after: first }))).toEqual(["d"]);
  });

  it("may be behind what is retained no more: that is told", async () => {
    const log = new MemoryLog({ maxAlerts: 2 });
    const { first } = log.append(batchOf("a", "b", "c", "d", "e"));
    const cursor = await open(log, { after: first });
    expect(cursor.position).toBe(first);
    const [loss] = alertsOf(await next(cursor));
    expect(lossOf(loss!)).toEqual({ cause: "overflow", lost: 2, first: first + 1, last: first + 2 });
    expect(await rulesOf(cursor)).toEqual(["d", "e"]);
  });

  it("is kept for the groups that were left last, when there are too many", async () => {
    const log = new MemoryLog({ maxGroups: 3 });
    const [longest, shortest, staying] = await Promise.all(
      ["longest", "shortest", "staying"].map((group) => open(log, { group })),
    );
    await shortest!.close();
    await longest!.close();
    await open(log, { group: "fourth" });
    expect(Object.keys(log.stats().groups).sort()).toEqual(["", "fourth", "longest", "staying"]);
    await open(log, { group: "fifth" });
    await expect(open(log, { group: "sixth" })).rejects.toEqual(
      refused(Code.ResourceExhausted, "there are 3 groups with members, no more are taken"),
    );
    // Members of groups that are there come in all the same.
    await open(log, { group: "fifth" });
    await staying!.close();
    await open(log, { group: "sixth" });
  });
});

describe("acknowledging", () => {
  it("is refused beyond what was sent, and ignored when it is less than before", async () => {
    const log = new MemoryLog();
    const cursor = await open(log, { acknowledge: true });
    log.append(batchOf("a", "b", "c"));
    expect(() => cursor.acknowledge(1)).toThrow(refused(Code.InvalidArgument, "acknowledged: 1, but 0"));
    await next(cursor);
    cursor.acknowledge(2);
    cursor.acknowledge(1);
    cursor.acknowledge(2);
    expect(log.stats().groups.pager).toMatchObject({ delivered: 2, waiting: 1 });
    expect(() => cursor.acknowledge(4)).toThrow(
      refused(Code.InvalidArgument, "acknowledged: 4, but 3 responses were sent"),
    );
    await cursor.close();
    expect(await rulesOf(await open(log))).toEqual(["c"]);
  });

  it("opens the window that was full", async () => {
    const log = new MemoryLog({ window: 3 });
    const cursor = await open(log, { acknowledge: true });
    expect(cursor.window).toBe(3);
    log.append(batchOf(...numbered(5)));
    expect(await rulesOf(cursor)).toEqual(["0", "1", "2"]);
    const waiting = rulesOf(cursor);
    expect(await isSettled(waiting)).toBe(false);
    cursor.acknowledge(1);
    expect(await waiting).toEqual(["3"]);
    cursor.acknowledge(4);
    expect(await rulesOf(cursor)).toEqual(["4"]);
  });

  it("counts a told loss like an alert", async () => {
    const log = new MemoryLog({ window: 1, maxAlerts: 1 });
    const cursor = await open(log, { acknowledge: true });
    log.append(batchOf("a", "b"));
    expect(lossOf(alertsOf(await next(cursor))[0]!)).toMatchObject({ lost: 1 });
    const waiting = rulesOf(cursor);
    expect(await isSettled(waiting)).toBe(false);
    cursor.acknowledge(1);
    expect(await waiting).toEqual(["b"]);
  });

  it("of an alert that was evicted meanwhile is a delivery", async () => {
    const log = new MemoryLog({ maxAlerts: 1 });
    const cursor = await open(log, { acknowledge: true });
    log.append(batchOf("a"));
    await next(cursor);
    log.append(batchOf("b"));
    cursor.acknowledge(1);
    expect(log.stats().groups.pager).toMatchObject({ delivered: 1, lost: 0, waiting: 1 });
  });

  it("that did not come for an evicted alert joins it to the loss", async () => {
    const log = new MemoryLog({ maxAlerts: 1 });
    const gone = await open(log, { acknowledge: true });
    const { first } = log.append(batchOf("a"));
    await next(gone);
    log.append(batchOf("b", "c"));
    await gone.close();
    const [loss, ...alerts] = await readAll(await open(log, { follow: false }));
    expect(lossOf(loss!)).toEqual({ cause: "overflow", lost: 2, first, last: first + 1 });
    expect(alerts.map(({ rule }) => rule)).toEqual(["c"]);
    expect(log.stats().groups.pager).toMatchObject({ delivered: 1, lost: 2, waiting: 0 });
  });
});

describe("a drain", () => {
  it("takes what is there, passed or not, and ends", async () => {
    const log = new MemoryLog();
    log.append(batchOf(...numbered(5000), "rare"));
    const drained = await open(log, { after: 0, follow: false, filter: allow({ rules: ["rare"] }) });
    expect((await readAll(drained)).map(({ rule }) => rule)).toEqual(["rare"]);
    expect(log.stats().groups.pager).toMatchObject({ filtered: 5000, delivered: 1, waiting: 0 });
  });

  it("ends while others hold alerts that they did not acknowledge", async () => {
    const log = new MemoryLog();
    const holding = await open(log, { acknowledge: true });
    log.append(batchOf("a"));
    await next(holding);
    expect(await readAll(await open(log, { follow: false }))).toEqual([]);
    expect(log.stats().groups.pager).toMatchObject({ waiting: 1 });
  });

  it("of an empty log ends at once", async () => {
    expect(await readAll(await open(new MemoryLog(), { follow: false }))).toEqual([]);
  });
});
