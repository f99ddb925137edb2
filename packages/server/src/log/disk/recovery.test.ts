import {
  appendFileSync,
  existsSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blockHeaderBytes, segmentHeaderBytes } from "./format.js";
import { copyOf, crashedLog, filesOf, flip } from "./testing/crash.js";
import { frameOf } from "./testing/test-source.js";
import { numbers, TestStore } from "./testing/test-store.js";

const frameBytes = frameOf(1).length;
const blockBytes = (count: number) => blockHeaderBytes + count * frameBytes;
const kibibyte = 1024;

function range(first: number, end: number, step: number): number[] {
  return Array.from({ length: Math.ceil((end - first) / step) }, (_, index) => first + index * step);
}

/** Many at a time, since each waits for the disk most of the time. */
async function forEach<Item>(items: readonly Item[], check: (item: Item) => Promise<void>): Promise<void> {
  const left = items.values();
  const worker = async () => {
    for (const item of left) await check(item);
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}

/** The path of a log's only segment. */
function segmentOf(directory: string): string {
  return filesOf(directory, ".log")[0]!;
}

describe("after a crash", () => {
  it("goes on without a jump", async () => {
    const { directory, first } = await crashedLog(2, 3);
    const store = await TestStore.open(directory);
    expect(store.disk.recovery).toMatchObject({ findings: [], jumped: false });
    await store.append(1);
    expect(await store.read()).toEqual(numbers(first, first + 5));
  });

  it("cuts every truncation of the last segment at the last whole write", async () => {
    const counts = [1, 2, 1];
    const crashed = await crashedLog(...counts);
    const { first } = crashed;
    const ends = [segmentHeaderBytes];
    for (const count of counts) ends.push(ends.at(-1)! + blockBytes(count));
    expect(statSync(segmentOf(crashed.directory)).size).toBe(ends.at(-1));
    await forEach(range(0, ends.at(-1)!, 1), async (size) => {
      const directory = copyOf(crashed.directory);
      truncateSync(segmentOf(directory), size);
      const whole = ends.filter((end) => end <= size).length - 1;
      const left = counts.slice(0, Math.max(0, whole)).reduce((sum, count) => sum + count, 0);
      const cut = size - (ends[whole] ?? 0);

      const store = await TestStore.open(directory);
      const { findings, jumped } = store.disk.recovery;
      const alerts = whole < 0 ? 0 : cut < blockHeaderBytes ? undefined : counts[whole];
      const expected = cut > 0 || whole < 0 ? [{ kind: "cut", bytes: cut, alerts }] : [];
      expect(findings).toMatchObject(expected);
      expect([findings.length, jumped, store.next]).toEqual([expected.length, false, first + left]);
      await store.append(2);
      expect(await store.read()).toEqual(numbers(first, first + left + 1));
      await store.close();

      const again = await TestStore.open(directory);
      expect(again.disk.recovery.findings).toEqual([]);
      expect(await again.read()).toEqual(numbers(first, first + left + 1));
      await again.close();
    });
  });

  it("survives one flipped bit anywhere in a segment, and says what it cost", async () => {
    const counts = [1, 2, 1];
    const crashed = await crashedLog(...counts);
    const { first } = crashed;
    const size = statSync(segmentOf(crashed.directory)).size;
    // A step that meets each field of each header.
    await forEach(range(0, size, 3), async (at) => {
      const directory = copyOf(crashed.directory);
      flip(segmentOf(directory), at, at % 8);
      let start = segmentHeaderBytes;
      let lost: number[] = [];
      let next = first;
      for (const count of counts) {
        if (at >= start && at < start + blockBytes(count)) lost = numbers(next, next + count - 1);
        start += blockBytes(count);
        next += count;
      }

      const store = await TestStore.open(directory);
      const { findings, jumped } = store.disk.recovery;
      // Bytes that are not used, and not covered by a checksum, do not count.
      if (at < segmentHeaderBytes) expect(findings).toMatchObject([{ kind: "header", offset: 0 }]);
      else expect(findings).toMatchObject([{ kind: "damage" }]);
      const isLast = lost.includes(next - 1);
      if (lost.length > 0 && !isLast) expect(findings[0]!.alerts).toBe(lost.length);
      // What was the end may have been seen: its numbers are not used again.
      expect(jumped).toBe(isLast);
      expect(store.next).toBeGreaterThanOrEqual(next);
      const kept = numbers(first, next - 1).filter((number) => !lost.includes(number));
      expect(await store.read()).toEqual(kept);
      const more = store.next;
      await store.append(2);
      expect(await store.read()).toEqual([...kept, more, more + 1]);
      await store.close();

      const again = await TestStore.open(directory);
      expect(await again.read()).toEqual([...kept, more, more + 1]);
      expect(again.next).toBe(more + 2);
      await again.close();
    });
  });

  it("tells of a bit that flipped after the index was written, when it is read", async () => {
    const { directory, first } = await crashedLog(50, 2, 50);
    await (await TestStore.open(directory)).close();
    flip(segmentOf(directory), segmentHeaderBytes + blockBytes(50) + blockHeaderBytes + 20);
    const store = await TestStore.open(directory);
    expect(store.disk.recovery.findings).toEqual([]);
    const kept = [...numbers(first, first + 49), ...numbers(first + 52, first + 101)];
    expect(await store.read()).toEqual(kept);
    expect(await store.read(first + 50)).toEqual(numbers(first + 52, first + 101));
    expect(store.unreadable).toMatchObject([{ file: segmentOf(directory), alerts: 2 }]);
  });

  it("reads whatever is written over a part of a segment, without an alert that is not its own", async () => {
    const crashed = await crashedLog(2, 1, 3, 2, 40);
    const size = statSync(segmentOf(crashed.directory)).size;
    const all = numbers(crashed.first, crashed.first + 47);
    const damage = fc.record({ at: fc.nat(size), bytes: fc.uint8Array({ maxLength: 200 }) });
    const check = async ({ at, bytes }: { at: number; bytes: Uint8Array }) => {
      const directory = copyOf(crashed.directory);
      const file = readFileSync(segmentOf(directory));
      writeFileSync(
        segmentOf(directory),
        Buffer.concat([file.subarray(0, at), bytes, file.subarray(at + bytes.length)]),
      );
      const store = await TestStore.open(directory);
      const read = await store.read();
      expect(all).toEqual(expect.arrayContaining(read));
      const next = store.next;
      await store.append(1);
      expect(await store.read()).toEqual([...read, next]);
      await store.close();
    };
    await fc.assert(fc.asyncProperty(damage, check), { numRuns: 200 });
  });
});

describe("the index", () => {
  it.each([
    ["is missing", (file: string) => rmSync(file)],
    ["is cut", (file: string) => truncateSync(file, statSync(file).size - 5)],
    ["is empty", (file: string) => truncateSync(file, 0)],
    ["has a flipped bit", (file: string) => flip(file, 70)],
    ["is of another version", (file: string) => flip(file, 9)],
  ])("that %s is made again", async (_, damage) => {
    const directory = copyOf((await crashedLog()).directory);
    const store = await TestStore.open(directory, { segmentBytes: 8 * kibibyte });
    const first = store.next;
    for (let count = 0; count < 10; count++) await store.append(50);
    await store.close();
    const [index] = filesOf(directory, ".index");
    const whole = readFileSync(index!);
    damage(index!);
    const again = await TestStore.open(directory);
    expect(again.disk.recovery).toMatchObject({
      findings: [],
      jumped: false,
      rebuilt: [index!.replace(".index", ".log")],
    });
    expect(await again.read()).toEqual(numbers(first, first + 499));
    expect(readFileSync(index!).subarray(48)).toHaveLength(whole.length - 48);
  });
});

describe("the state file", () => {
  const state = (directory: string) => join(directory, "state");

  it.each([
    ["is missing", (directory: string) => rmSync(state(directory))],
    ["is damaged", (directory: string) => flip(state(directory), 12)],
    ["is of another boot of the machine", otherBoot],
  ])("that %s makes the numbers jump", async (_, change) => {
    const { directory, first } = await crashedLog(3);
    change(directory);
    const store = await TestStore.open(directory);
    expect(store.disk.recovery.jumped).toBe(true);
    const { next } = store;
    expect(next).toBeGreaterThan(first + 3);
    expect(store.disk.count(first, next)).toEqual({ alerts: 3, jumped: true });
    // Until something is written, the jump may be all that keeps numbers apart.
    const crashed = copyOf(directory);
    await store.append(2);
    expect(await store.read()).toEqual([...numbers(first, first + 2), next, next + 1]);
    const crashedLater = copyOf(directory);
    await store.close();

    const again = await TestStore.open(crashed);
    expect(again.next).toBeGreaterThanOrEqual(next);
    const later = await TestStore.open(crashedLater);
    expect([later.disk.recovery.jumped, later.next]).toEqual([false, next + 2]);
    expect(later.disk.count(first, next + 2)).toEqual({ alerts: 5, jumped: true });
  });

  it("of another boot does not, where each write was synced", async () => {
    const { directory: empty } = await crashedLog();
    const store = await TestStore.open(empty, { sync: "always" });
    const first = store.next;
    await store.append(3);
    const crashed = copyOf(empty);
    otherBoot(crashed);
    const again = await TestStore.open(crashed);
    expect([again.disk.recovery.jumped, again.next]).toEqual([false, first + 3]);
  });

  function otherBoot(directory: string): void {
    const bytes = readFileSync(state(directory));
    bytes.write("01234567-89ab-cdef-0123-456789abcdef", 32);
    bytes.writeUInt32LE(crc32(bytes.subarray(0, bytes.length - 4)), bytes.length - 4);
    writeFileSync(state(directory), bytes);
  }
});

describe("a file that does not belong there", () => {
  it("of another version is refused by its name", async () => {
    const { directory } = await crashedLog(3);
    const file = segmentOf(directory);
    const bytes = readFileSync(file);
    bytes.writeUInt32LE(7, 8);
    bytes.writeUInt32LE(crc32(bytes.subarray(0, 60)), 60);
    writeFileSync(file, bytes);
    await expect(TestStore.open(directory)).rejects.toMatchObject({
      problem: "version",
      path: file,
      message: `${file}: has version 7 of the log's format, expected 1`,
    });
    expect(readFileSync(file)).toEqual(bytes);
  });

  it("of another log is refused by its name", async () => {
    const { directory } = await crashedLog(3);
    const other = await crashedLog(2);
    const name = segmentOf(directory).replace(/\d{16}/, String(other.first).padStart(16, "0"));
    writeFileSync(name, readFileSync(segmentOf(other.directory)));
    await expect(TestStore.open(directory)).rejects.toMatchObject({ problem: "other-log", path: name });
  });

  it("of another name is left alone", async () => {
    const { directory, first } = await crashedLog(3);
    writeFileSync(join(directory, "notes.log"), "mine");
    appendFileSync(join(directory, "12.log"), "mine");
    const store = await TestStore.open(directory);
    expect(await store.read()).toEqual(numbers(first, first + 2));
    expect(existsSync(join(directory, "notes.log"))).toBe(true);
  });

  it("without anything that tells its log is refused", async () => {
    const { directory } = await crashedLog(3);
    rmSync(join(directory, "state"));
    flip(segmentOf(directory), 20);
    await expect(TestStore.open(directory)).rejects.toMatchObject({ problem: "damaged", path: directory });
  });
});
