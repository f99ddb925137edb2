import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { copyOf, filesOf } from "./testing/crash.js";
import { folder, numbers, TestStore } from "./testing/test-store.js";

const kibibyte = 1024;

describe("DiskStore", () => {
  it("goes on after it was closed, without a jump", async () => {
    const directory = folder();
    const before = await TestStore.open(directory);
    const first = before.next;
    await before.append(3);
    await before.append(4);
    await before.close();

    const after = await TestStore.open(directory);
    expect(after.disk.recovery).toMatchObject({ findings: [], rebuilt: [], jumped: false });
    expect(after.next).toBe(first + 7);
    await after.append(2);
    expect(await after.read()).toEqual(numbers(first, first + 8));
    expect(after.disk.first).toBe(first);
  });

  it("reads from a sequence number on, while more is written", async () => {
    const store = await TestStore.open(folder());
    const first = store.next;
    await store.append(1000, 400);
    expect(await store.read(first + 700)).toEqual(numbers(first + 700, first + 999));
    await store.append(1);
    expect(await store.read(first + 1000)).toEqual([first + 1000]);
    expect(await store.read(store.next)).toEqual([]);
  });

  it("writes several segments, and finds alerts in each", async () => {
    const directory = folder();
    const store = await TestStore.open(directory, { segmentBytes: 64 * kibibyte });
    const first = store.next;
    for (let count = 0; count < 20; count++) await store.append(100, 200);
    const files = readdirSync(directory).filter((name) => name.endsWith(".log"));
    expect(files.length).toBeGreaterThan(5);
    for (const name of files) expect(statSync(join(directory, name)).size).toBeLessThanOrEqual(64 * kibibyte);
    expect(await store.read()).toEqual(numbers(first, first + 1999));
    await store.close();

    const again = await TestStore.open(directory, { segmentBytes: 64 * kibibyte });
    expect(again.disk.recovery.rebuilt).toEqual([]);
    expect(await again.read(first + 1234)).toEqual(numbers(first + 1234, first + 1999));
  });

  it("takes an alert of a megabyte", async () => {
    const directory = folder();
    const store = await TestStore.open(directory, { segmentBytes: 64 * kibibyte });
    const first = store.next;
    store.add(1, 100);
    store.add(2, 1024 * kibibyte);
    await store.append(1, 100);
    expect(await store.read()).toEqual(numbers(first, first + 3));
    await store.close();
    const again = await TestStore.open(directory);
    expect(await again.read()).toEqual(numbers(first, first + 3));
  });

  it("keeps files and directory to itself", async () => {
    const directory = join(folder(), "log");
    const store = await TestStore.open(directory);
    await store.append(1);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(directory).filter((name) => !name.startsWith("lock-"))) {
      expect([name, statSync(join(directory, name)).mode & 0o777]).toEqual([name, 0o600]);
    }
  });

  it.each(["always", "interval", "never"] as const)("writes with sync: %s", async (sync) => {
    const directory = folder();
    const store = await TestStore.open(directory, { sync, syncIntervalMs: 1, segmentBytes: 16 * kibibyte });
    const first = store.next;
    for (let count = 0; count < 50; count++) await store.append(10, 100);
    await store.close();
    const again = await TestStore.open(directory, { sync });
    expect(again.disk.recovery.jumped).toBe(false);
    expect(await again.read()).toEqual(numbers(first, first + 499));
  });

  it("serves many readers at once", async () => {
    const store = await TestStore.open(folder(), { segmentBytes: 32 * kibibyte });
    const first = store.next;
    await store.append(5000, 100);
    const starts = numbers(0, 49).map((reader) => first + reader * 97);
    const results = await Promise.all(starts.map((start) => store.read(start)));
    for (const [reader, result] of results.entries()) {
      expect(result).toEqual(numbers(starts[reader]!, first + 4999));
    }
  });
});

describe("retention", () => {
  const segmentBytes = 16 * kibibyte;

  it("of bytes removes the oldest segments", async () => {
    const directory = folder();
    const bytes = 64 * kibibyte;
    const store = await TestStore.open(directory, { segmentBytes, retention: { bytes } });
    const first = store.next;
    for (let count = 0; count < 30; count++) await store.append(50, 100);
    expect(store.disk.first).toBeGreaterThan(first);
    expect(store.disk.bytes).toBeLessThanOrEqual(bytes + segmentBytes);
    expect(await store.read()).toEqual(numbers(store.disk.first!, first + 1499));
    const size = () =>
      readdirSync(directory)
        .filter((name) => name.endsWith(".log"))
        .reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
    await expect.poll(size).toBe(store.disk.bytes);
    const indexes = () => readdirSync(directory).filter((name) => name.endsWith(".index")).length;
    const segments = () => readdirSync(directory).filter((name) => name.endsWith(".log")).length;
    await expect.poll(indexes).toBe(segments() - 1);
  });

  it("of alerts keeps at least as many as it says", async () => {
    const store = await TestStore.open(folder(), { segmentBytes, retention: { count: 500 } });
    const first = store.next;
    for (let count = 0; count < 30; count++) await store.append(50, 100);
    const kept = store.next - store.disk.first!;
    expect(kept).toBeGreaterThanOrEqual(500);
    expect(kept).toBeLessThan(900);
    expect(await store.read(first)).toHaveLength(kept);
  });

  it("of age removes what is older, also when it is opened", async () => {
    const directory = folder();
    const store = await TestStore.open(directory, { segmentBytes });
    for (let count = 0; count < 5; count++) await store.append(100, 100);
    await store.close();
    const again = await TestStore.open(directory, { segmentBytes, retention: { ageMs: -1000 } });
    await expect.poll(() => again.disk.first).toBeUndefined();
    const next = again.next;
    await again.append(1);
    expect(await again.read()).toEqual([next]);
  });
});

describe("the groups' places", () => {
  it("are there again", async () => {
    const directory = folder();
    const store = await TestStore.open(directory);
    const place = { filter: "key", position: store.next, unacknowledged: [[3, 5]] as const, losses: [] };
    store.groups.set("a", place);
    store.groups.set("b", place);
    store.disk.groupChanged("a");
    store.disk.groupChanged("b");
    await expect.poll(() => readFileSync(join(directory, "groups"), "utf8")).toContain('"a"');
    store.groups.delete("b");
    store.disk.groupChanged("b");
    await store.close();
    const again = await TestStore.open(directory);
    expect([...again.disk.places]).toEqual([["a", place]]);
  });
});

describe("the numbers", () => {
  it("go on where nothing was written yet", async () => {
    const directory = folder();
    const store = await TestStore.open(directory);
    const { next } = store;
    await store.close();
    const again = await TestStore.open(directory);
    expect([again.next, again.disk.recovery.jumped]).toEqual([next, false]);
  });

  it("go on where retention removed everything", async () => {
    const directory = folder();
    const store = await TestStore.open(directory, { retention: { ageMs: -1000 } });
    const first = store.next;
    await store.append(5);
    await store.close();
    const again = await TestStore.open(directory, { retention: { ageMs: -1000 } });
    await expect.poll(() => filesOf(directory, ".log")).toEqual([]);
    const crashed = await TestStore.open(copyOf(directory));
    expect([again.next, crashed.next]).toEqual([first + 5, first + 5]);
    expect(crashed.disk.recovery.jumped).toBe(false);
  });
});
