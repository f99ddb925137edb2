import { rmSync } from "node:fs";
import { expect, it } from "vitest";
import { segmentHeaderBytes } from "./format.js";
import { inspectLog, readLogAlerts } from "./inspect.js";
import { copyOf, filesOf, flip } from "./testing/crash.js";
import { folder, TestStore } from "./testing/test-store.js";

async function log(): Promise<{ directory: string; first: number }> {
  const directory = folder();
  const store = await TestStore.open(directory, { segmentBytes: 4096 });
  const first = store.next;
  store.groups.set("a", { filter: "", position: first, unacknowledged: [], losses: [] });
  store.disk.groupChanged("a");
  for (let count = 0; count < 10; count++) await store.append(20);
  await store.close();
  return { directory, first };
}

async function textsIn(directory: string): Promise<string[]> {
  const texts: string[] = [];
  for await (const alert of readLogAlerts(directory, () => undefined)) {
    texts.push(Buffer.from(alert).toString().split(" ")[1]!);
  }
  return texts;
}

it("says what is in a log, and who uses it", async () => {
  const { directory, first } = await log();
  const inspected = await inspectLog(directory, true);
  expect(inspected).toMatchObject({ user: undefined, findings: [], damagedGroups: 0 });
  expect([...inspected.groups.keys()]).toEqual(["a"]);
  expect(inspected.segments.length).toBeGreaterThan(1);
  expect(inspected.segments.reduce((sum, { alerts }) => sum + alerts, 0)).toBe(200);
  expect([inspected.segments[0]!.first, inspected.segments.at(-1)!.last]).toEqual([first, first + 199]);
  await TestStore.open(directory);
  expect((await inspectLog(directory, false)).user).toBe(`process ${process.pid}`);
});

it("reads every alert, of a log in use as well", async () => {
  const { directory, first } = await log();
  const all = Array.from({ length: 200 }, (_, index) => String(first + index));
  expect(await textsIn(directory)).toEqual(all);
  const store = await TestStore.open(directory);
  await store.append(1);
  expect(await textsIn(directory)).toEqual([...all, String(first + 200)]);
});

it("finds damage only if it reads the files whole, and reads the rest", async () => {
  const { directory } = await log();
  const [file] = filesOf(directory, ".log");
  flip(file!, segmentHeaderBytes + 100);
  expect((await inspectLog(directory, false)).findings).toEqual([]);
  expect((await inspectLog(directory, true)).findings).toMatchObject([{ file, kind: "damage", alerts: 20 }]);
  expect(await textsIn(directory)).toHaveLength(180);
});

it("changes nothing, and refuses what is not a log", async () => {
  const { directory } = await log();
  const copy = copyOf(directory);
  for (const index of filesOf(copy, ".index")) rmSync(index);
  await inspectLog(copy, true);
  expect(filesOf(copy, ".index")).toEqual([]);
  const empty = folder();
  await expect(inspectLog(empty, true)).rejects.toMatchObject({ message: `${empty}: there is no log in it` });
  await expect(inspectLog(`${empty}/none`, true)).rejects.toMatchObject({ problem: "access" });
});
