import { execFileSync } from "node:child_process";
import fs, { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { FreezingDisk, withoutFreezing, withoutMounts } from "../../outputs/testing/disks.js";
import { DiskStore } from "./disk-store.js";
import { copyOf, filesOf } from "./testing/crash.js";
import { folder, numbers, TestStore } from "./testing/test-store.js";

const kibibyte = 1024;

/** A file system of its own, which can be filled. */
function fillableDisk() {
  const path = folder();
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=512k", "tmpfs", path]);
  onTestFinished(() => void execFileSync("umount", ["-l", path]));
  const filler = join(path, "filler");
  return {
    directory: join(path, "log"),
    fill: () => execFileSync("sh", ["-c", `cat /dev/zero > "$0" 2> /dev/null; true`, filler]),
    free: () => rmSync(filler),
    remount: (how: "ro" | "rw") => execFileSync("mount", ["-o", `remount,${how}`, path]),
  };
}

async function outage(store: TestStore, count = 1): Promise<void> {
  await expect.poll(() => store.outages.length, { timeout: 30_000, interval: 1 }).toBe(count);
}

async function outageEnd(store: TestStore, count = 1): Promise<void> {
  await expect.poll(() => store.outagesEnded, { timeout: 30_000, interval: 1 }).toBe(count);
}

describe.skipIf(withoutMounts)("a disk that is full", () => {
  it("gets what memory has once there is space again", async () => {
    const disk = fillableDisk();
    const store = await TestStore.open(disk.directory);
    const first = store.next;
    await store.append(10);
    disk.fill();
    store.add(100, 2 * kibibyte);
    await outage(store);
    expect(store.outages[0]).toMatchObject({ code: "ENOSPC" });
    store.add(10);
    expect(store.outagesEnded).toBe(0);
    disk.free();
    await outageEnd(store);
    expect(store.written).toBe(store.next);
    expect(await store.read()).toEqual(numbers(first, first + 119));
    await store.append(5);
    await store.close();

    const again = await TestStore.open(disk.directory);
    expect(again.disk.recovery).toMatchObject({ findings: [], jumped: false });
    expect(await again.read()).toEqual(numbers(first, first + 124));
    expect(store.skipped).toEqual([]);
  });

  it("misses what memory could not hold, and says so", async () => {
    const disk = fillableDisk();
    const store = await TestStore.open(disk.directory);
    const first = store.next;
    await store.append(10);
    disk.fill();
    store.add(100, 2 * kibibyte);
    await outage(store);
    store.source.forget(first + 70);
    const { written } = store;
    disk.free();
    await outageEnd(store);
    expect(store.skipped).toEqual([[written, first + 69]]);
    const kept = [...numbers(first, written - 1), ...numbers(first + 70, first + 109)];
    expect(await store.read()).toEqual(kept);
    await store.close();

    const again = await TestStore.open(disk.directory);
    expect([again.disk.recovery.jumped, again.next]).toEqual([false, first + 110]);
    expect(await again.read()).toEqual(kept);
    expect(again.disk.count(first, again.next)).toEqual({ alerts: 110, jumped: false });
  });

  it("makes the numbers jump after a crash: what was in memory may have been seen", async () => {
    const disk = fillableDisk();
    const store = await TestStore.open(disk.directory);
    const first = store.next;
    await store.append(10);
    disk.fill();
    store.add(100, 2 * kibibyte);
    await outage(store);
    const seen = store.next;
    disk.free();
    const crashed = copyOf(disk.directory);
    const again = await TestStore.open(crashed);
    expect(again.disk.recovery.jumped).toBe(true);
    expect(again.next).toBeGreaterThan(seen);
    await again.append(1);
    const read = await again.read();
    expect(read.at(-1)).toBe(again.next - 1);
    expect(read.slice(0, 10)).toEqual(numbers(first, first + 9));
  });
});

describe.skipIf(withoutMounts)("a disk that is read-only", () => {
  it("is refused by its name", async () => {
    const disk = fillableDisk();
    mkdirSync(disk.directory);
    disk.remount("ro");
    await expect(DiskStore.open(disk.directory)).rejects.toMatchObject({
      problem: "access",
      path: disk.directory,
    });
  });
});

describe("a directory that is gone", () => {
  it("is written again from memory once it is back", async () => {
    const directory = join(folder(), "log");
    const store = await TestStore.open(directory, { syncIntervalMs: 10 });
    const first = store.next;
    const place = { filter: "", position: first, unacknowledged: [], losses: [] };
    store.groups.set("a", place);
    store.disk.groupChanged("a");
    await expect.poll(() => readFileSync(join(directory, "groups"), "utf8")).toContain('"a"');
    await store.append(10);
    rmSync(directory, { recursive: true });
    store.add(10);
    await outage(store);
    store.add(10);
    mkdirSync(directory);
    await outageEnd(store);
    await expect(DiskStore.open(directory)).rejects.toMatchObject({ problem: "locked" });
    await store.append(1);
    expect(await store.read()).toEqual(numbers(first, first + 30));
    await store.close();

    const again = await TestStore.open(directory);
    expect(again.disk.recovery).toMatchObject({ findings: [], jumped: false });
    expect(await again.read()).toEqual(numbers(first, first + 30));
    expect([...again.disk.places]).toEqual([["a", place]]);
  });

  it("and is a file when it is opened is refused", async () => {
    const directory = join(folder(), "log");
    writeFileSync(directory, "");
    await expect(DiskStore.open(directory)).rejects.toMatchObject({ problem: "access", path: directory });
  });
});

describe.skipIf(withoutFreezing)("a disk that hangs", () => {
  it("is not waited for, and gets everything once it works again", async () => {
    const disk = new FreezingDisk();
    const directory = join(disk.path, "log");
    const store = await TestStore.open(directory, { slowMs: 200, sync: "always" });
    const first = store.next;
    await store.append(10);
    // A busy machine may have been slow before.
    const ended = store.outagesEnded;
    disk.freeze();
    store.add(10);
    await outage(store, ended + 1);
    store.add(10);
    expect(store.outagesEnded).toBe(ended);
    disk.thaw();
    await outageEnd(store, ended + 1);
    expect(store.written).toBe(store.next);
    expect(await store.read()).toEqual(numbers(first, first + 29));
    await store.close();
  });
});

describe("a disk with errors", () => {
  it("gets what a failed sync may have lost again, in another segment", async () => {
    const directory = folder();
    const store = await TestStore.open(directory, { sync: "always" });
    const first = store.next;
    await store.append(10);
    const failing = await failOnce("datasync");
    store.add(10);
    await outage(store);
    await outageEnd(store);
    expect(failing).toHaveBeenCalled();
    expect(filesOf(directory, ".log")).toHaveLength(2);
    await store.append(10);
    expect(await store.read()).toEqual(numbers(first, first + 29));
    const crashed = await TestStore.open(copyOf(directory));
    expect(crashed.disk.recovery.jumped).toBe(false);
    expect(await crashed.read()).toEqual(numbers(first, first + 29));
  });

  it("goes on in the same segment after a write that failed in part", async () => {
    const directory = folder();
    const store = await TestStore.open(directory, { sync: "always" });
    const first = store.next;
    await store.append(10);
    const { writev } = fs;
    const failing = vi.spyOn(fs, "writev");
    onTestFinished(() => void failing.mockRestore());
    failing.mockImplementationOnce(((fd: number, [header]: [Buffer], position: number, done: Done) => {
      writev(fd, [header.subarray(0, 10)], position, () => done(errorOf("EIO")));
    }) as never);
    store.add(10);
    await outage(store);
    await outageEnd(store);
    expect(failing).toHaveBeenCalled();
    expect(filesOf(directory, ".log")).toHaveLength(1);
    await store.append(10);
    const crashed = await TestStore.open(copyOf(directory));
    expect(crashed.disk.recovery).toMatchObject({ findings: [], jumped: false });
    expect(await crashed.read()).toEqual(numbers(first, first + 29));
  });

  it("that cannot be read says what is missing, and does not fail", async () => {
    const store = await TestStore.open(folder());
    const first = store.next;
    await store.append(10);
    await failOnce("read");
    expect(await store.read()).toEqual([]);
    expect(store.unreadable).toMatchObject([{ first, last: first + 9, alerts: 10, cause: { code: "EIO" } }]);
  });

  it("is read again when the process was short of files", async () => {
    const store = await TestStore.open(folder());
    const first = store.next;
    await store.append(10);
    await failOnce("read", "EMFILE");
    expect(await store.read()).toEqual(numbers(first, first + 9));
    expect(store.unreadable).toEqual([]);
  });

  type Done = (error: NodeJS.ErrnoException | null) => void;

  function errorOf(code: string): NodeJS.ErrnoException {
    return Object.assign(new Error(`${code}: injected`), { code });
  }

  async function fileHandle(): Promise<FileHandle> {
    const file = await open(import.meta.filename);
    onTestFinished(() => file.close());
    return Object.getPrototypeOf(file);
  }

  /** The next call of a file's method fails. */
  async function failOnce(method: "datasync" | "read", code = "EIO") {
    const spy = vi.spyOn(await fileHandle(), method as "datasync");
    onTestFinished(() => void spy.mockRestore());
    return spy.mockImplementationOnce(async () => {
      throw errorOf(code);
    });
  }
});
