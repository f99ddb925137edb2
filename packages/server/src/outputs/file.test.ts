import { execFileSync } from "node:child_process";
import {
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { startServer } from "../index.js";
import { smallDisk, withoutMounts } from "./testing/disks.js";
import { countsOf, folder, numbersIn, numbersInFile, publishNumbered, serve, upTo } from "./testing/serve.js";

const json = { json: true };

it.each([false, true])(
  "appends one line per alert, after what is there (keepAlive: %s)",
  async (keepAlive) => {
    const filename = join(folder(), "alerts");
    writeFileSync(filename, "before\n");
    const { server } = await serve({ file: { filename, keepAlive } });
    await server.publish("2026-06-02T09:14:09Z: Error one");
    await countsOf(server, "file", { written: 1 });
    await server.publish("2026-06-02T09:14:09Z: Error two");
    await server.stop();
    expect(readFileSync(filename, "utf8")).toBe(
      "before\n2026-06-02T09:14:09Z: Error one\n2026-06-02T09:14:09Z: Error two\n",
    );
    expect(server.stats().outputs.file).toEqual({ written: 2, failed: 0, dropped: 0, waiting: 0 });
  },
);

it("creates a file with the mode that it is given, and as the umask has it", async () => {
  const own = join(folder(), "own");
  const usual = join(folder(), "usual");
  const umask = process.umask();
  for (const [filename, options, mode] of [
    [own, { mode: 0o600 }, 0o600],
    [usual, {}, 0o666 & ~umask],
  ] as const) {
    const { server } = await serve({ file: { filename, ...options } });
    await publishNumbered(server, 1);
    await countsOf(server, "file", { written: 1 });
    expect(statSync(filename).mode & 0o777).toBe(mode);
  }
});

it.each([
  [{ filename: "/tmp" }, 'outputs.file.filename: "/tmp", expected a file, not a directory'],
  [{ filename: "" }, 'outputs.file.filename: "", expected a path'],
])("refuses %j at the start", async (file, message) => {
  await expect(startServer({ listen: [], outputs: { file } })).rejects.toThrow(message);
});

it("writes to a new file after a rename, without a signal, unless it is kept open", async () => {
  const path = folder();
  const [opened, kept] = [join(path, "opened"), join(path, "kept")];
  const first = (await serve({ file: { filename: opened }, format: json })).server;
  const second = (await serve({ file: { filename: kept, keepAlive: true }, format: json })).server;
  for (const server of [first, second]) {
    await publishNumbered(server, 1);
    await countsOf(server, "file", { written: 1 });
  }
  for (const filename of [opened, kept]) renameSync(filename, `${filename}.1`);
  for (const server of [first, second]) {
    await publishNumbered(server, 1, "", 1);
    await countsOf(server, "file", { written: 2 });
  }
  expect(numbersInFile(opened)).toEqual([1]);
  expect(numbersInFile(`${kept}.1`)).toEqual([0, 1]);
  expect(existsSync(kept)).toBe(false);
  second.reopenOutputs();
  await publishNumbered(second, 1, "", 2);
  await countsOf(second, "file", { written: 3 });
  expect(numbersInFile(kept)).toEqual([2]);
});

it("loses nothing when files are rotated under load", async () => {
  const path = folder();
  const filename = join(path, "alerts");
  const { server } = await serve({ file: { filename, keepAlive: true }, format: json });
  const [rounds, each] = [20, 200];
  for (let round = 0; round < rounds; round++) {
    await publishNumbered(server, each, "x".repeat(300), round * each);
    if (existsSync(filename)) renameSync(filename, `${filename}.${round}`);
    server.reopenOutputs();
    // Some rounds while it writes, some while it is idle.
    if (round % 2 === 0) await countsOf(server, "file", { waiting: 0 });
  }
  await server.stop();
  const numbers = readdirSync(path).flatMap((name) => numbersInFile(join(path, name)));
  expect(numbers.sort((a, b) => a - b)).toEqual(upTo(rounds * each));
});

it.skipIf(withoutMounts).each([false, true])(
  "keeps whole lines on a full disk, and goes on when there is room (keepAlive: %s)",
  async (keepAlive) => {
    const disk = smallDisk();
    const [filename, ballast, elsewhere] = [
      join(disk, "alerts"),
      join(disk, "ballast"),
      join(folder(), "alerts"),
    ];
    writeFileSync(ballast, Buffer.alloc(32 * 1024));
    const { server, logged } = await serve({ file: { filename, keepAlive }, format: json });
    const other = (await serve({ file: { filename: elsewhere }, format: json })).server;
    const count = 50;
    for (const each of [server, other]) await publishNumbered(each, count, "y".repeat(1000));
    await countsOf(other, "file", { written: count });
    await expect.poll(() => logged.filter((entry) => entry.includes("ENOSPC"))).toHaveLength(1);
    const { written } = server.stats().outputs.file!;
    expect(written).toBeGreaterThan(10);
    expect(numbersInFile(filename)).toEqual(upTo(written));
    rmSync(ballast);
    await countsOf(server, "file", { written: count, failed: 0, dropped: 0, waiting: 0 });
    expect(numbersInFile(filename)).toEqual(upTo(count));
  },
);

it.skipIf(withoutMounts)(
  "counts what a full disk did not take in time, tells of it, and drops what the queue has no room for",
  async () => {
    const filename = join(smallDisk(), "alerts");
    const queue = { retryMs: 1e-9, maxAlerts: 20 };
    const { server, logged } = await serve({ file: { filename }, format: json, queue });
    let published = 0;
    const stats = () => server.stats().outputs.file!;
    // 30 alerts in one turn of the event loop: the queue takes 20 of them.
    while (stats().failed < 20) {
      await publishNumbered(server, 30, "z".repeat(1000), published);
      published += 30;
      await countsOf(server, "file", { waiting: 0 });
    }
    const { written, failed, dropped } = stats();
    expect(written + failed + dropped).toBe(published);
    expect(dropped).toBe(published / 3);
    expect(numbersInFile(filename)).toHaveLength(written);
    expect(logged.filter((entry) => /failed to write.*ENOSPC/.test(entry))).not.toEqual([]);
    expect(logged.filter((entry) => /queue is full/.test(entry))).not.toEqual([]);
  },
);

it("says which folder is missing, and writes once it is there", async () => {
  const missing = join(folder(), "missing");
  const filename = join(missing, "alerts");
  const { server, logged } = await serve({ file: { filename }, format: json });
  await publishNumbered(server, 3);
  await expect
    .poll(() => logged.join())
    .toContain(`the folder ${JSON.stringify(missing)} does not exist`.replaceAll('"', '\\"'));
  mkdirSync(missing);
  await countsOf(server, "file", { written: 3 });
  expect(numbersInFile(filename)).toEqual([0, 1, 2]);
});

/** A FIFO, and alerts of which each is larger than what it takes as a whole, all together than what it holds. */
async function serveFifo(open: (filename: string) => Promise<FileHandle>, why: string) {
  const filename = join(folder(), "fifo");
  execFileSync("mkfifo", [filename]);
  const reader = await open(filename);
  const { server, logged } = await serve({ file: { filename }, format: json, queue: { timeoutMs: 200 } });
  const count = 40;
  await publishNumbered(server, count, "f".repeat(9_000));
  await expect.poll(() => logged.join()).toContain(why);
  return { filename, server, reader, count };
}

async function readLines(reader: FileHandle, count: number): Promise<string> {
  let text = "";
  const buffer = Buffer.alloc(64 * 1024);
  while (text.split("\n").length <= count) {
    const { bytesRead } = await reader.read(buffer);
    text += buffer.toString("utf8", 0, bytesRead);
  }
  await reader.close();
  return text;
}

it("waits for nobody to read a FIFO", async () => {
  const { filename, server, count } = await serveFifo(async () => undefined as never, "nobody reads it");
  expect(numbersIn(await readLines(await open(filename, "r"), count))).toEqual(upTo(count));
  await countsOf(server, "file", { written: count, failed: 0 });
});

it("writes whole lines to a late reader of a FIFO, each once", async () => {
  const { server, reader, count } = await serveFifo(
    (filename) => open(filename, constants.O_RDONLY | constants.O_NONBLOCK),
    "not written within 200 ms",
  );
  let text = "";
  const buffer = Buffer.alloc(10_000);
  while (text.split("\n").length <= count) {
    const { bytesRead } = await reader.read(buffer).catch(() => ({ bytesRead: 0 }));
    text += buffer.toString("utf8", 0, bytesRead);
  }
  await reader.close();
  expect(numbersIn(text)).toEqual(upTo(count));
  await countsOf(server, "file", { written: count, failed: 0 });
});

it("reports a file that it may not write, and continues", async () => {
  const filename = join(folder(), "alerts");
  const { server, logged } = await serve({ file: { filename }, queue: { retryMs: 1e-9 } });
  mkdirSync(filename);
  await publishNumbered(server, 2);
  await countsOf(server, "file", { failed: 2 });
  expect(logged.join()).toContain("EISDIR");
  rmSync(filename, { recursive: true });
  await publishNumbered(server, 2);
  await countsOf(server, "file", { written: 2 });
});
