import { readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import type { GroupPlace } from "../group-place.js";
import { GroupJournal, readJournal } from "./group-journal.js";
import { createLogId } from "./state-file.js";
import { flip } from "./testing/crash.js";
import { folder } from "./testing/test-store.js";

const log = createLogId();

function place(position: number, ...unacknowledged: [number, number][]): GroupPlace {
  return { filter: "f", position, unacknowledged, losses: [] };
}

/** A journal of groups that are in a map. */
async function openJournal(directory: string, groups: Map<string, GroupPlace>): Promise<GroupJournal> {
  const { places } = await readJournal(directory, log);
  const journal = new GroupJournal(directory, log, places, (name) => groups.get(name), 1, fail);
  onTestFinished(() => journal.close());
  return journal;
}

function fail(error: Error): never {
  throw error;
}

async function placesIn(directory: string): Promise<[string, GroupPlace][]> {
  return [...(await readJournal(directory, log)).places];
}

it("has the last place of each group, in the order of their changes", async () => {
  const directory = folder();
  const groups = new Map([
    ["", place(5)],
    ["a\n", place(7, [1, 2], [4, 4])],
  ]);
  const journal = await openJournal(directory, groups);
  for (const name of groups.keys()) journal.changed(name);
  await journal.flush();
  groups.set("", place(9, [6, 6]));
  journal.changed("");
  await journal.flush();
  expect(await placesIn(directory)).toEqual([...groups].toReversed());
});

it("forgets a group that is gone", async () => {
  const directory = folder();
  const groups = new Map([["a", place(1)]]);
  const journal = await openJournal(directory, groups);
  journal.changed("a");
  await journal.flush();
  groups.clear();
  journal.changed("a");
  journal.changed("never there");
  await journal.flush();
  expect(await placesIn(directory)).toEqual([]);
});

it("writes by itself what has changed, soon", async () => {
  const directory = folder();
  const groups = new Map([["a", place(1)]]);
  const journal = await openJournal(directory, groups);
  journal.changed("a");
  await expect.poll(() => placesIn(directory)).toEqual([["a", place(1)]]);
});

it("does not write what is as it was", async () => {
  const directory = folder();
  const groups = new Map([["a", place(1)]]);
  const journal = await openJournal(directory, groups);
  journal.changed("a");
  await journal.flush();
  const before = readFileSync(join(directory, "groups"));
  journal.changed("a");
  await journal.flush();
  expect(readFileSync(join(directory, "groups"))).toEqual(before);
});

it("stays bounded, however often places change", async () => {
  const directory = folder();
  const groups = new Map<string, GroupPlace>();
  const journal = await openJournal(directory, groups);
  for (let round = 0; round < 200; round++) {
    for (let group = 0; group < 200; group++) {
      groups.set(`group ${group}`, place(round, [0, round]));
      journal.changed(`group ${group}`);
    }
    await journal.flush();
    expect(statSync(join(directory, "groups")).size).toBeLessThanOrEqual(1024 * 1024);
  }
  expect(await placesIn(directory)).toEqual([...groups]);
});

it("keeps what was whole at every truncation", async () => {
  const directory = folder();
  const groups = new Map<string, GroupPlace>();
  const journal = await openJournal(directory, groups);
  const ends: { size: number; places: [string, GroupPlace][] }[] = [];
  for (let position = 0; position < 4; position++) {
    groups.set("a", place(position));
    groups.set(`b${position}`, place(position));
    for (const name of ["a", `b${position}`]) {
      journal.changed(name);
      await journal.flush();
      ends.push({ size: statSync(join(directory, "groups")).size, places: await placesIn(directory) });
    }
  }
  await journal.close();
  const whole = readFileSync(join(directory, "groups"));
  for (let size = whole.length; size >= 0; size--) {
    truncateSync(join(directory, "groups"), size);
    // A line is whole without its end.
    const last = ends.findLast((end) => end.size <= size + 1);
    expect(await placesIn(directory)).toEqual(last?.places ?? []);
  }
  // The last of them is made whole again before more is written.
  writeFileSync(join(directory, "groups"), whole.subarray(0, whole.length - 3));
  groups.set("c", place(8));
  const again = await openJournal(directory, groups);
  again.changed("c");
  await again.flush();
  expect(Object.fromEntries(await placesIn(directory))).toMatchObject({ a: place(3), c: place(8) });
});

it("loses one line to a flipped bit, and counts it", async () => {
  const directory = folder();
  const groups = new Map([
    ["a", place(1)],
    ["b", place(2)],
    ["c", place(3)],
  ]);
  const journal = await openJournal(directory, groups);
  for (const name of groups.keys()) journal.changed(name);
  await journal.close();
  const file = join(directory, "groups");
  flip(file, readFileSync(file, "utf8").indexOf('"b"') + 1);
  const { places, damagedLines } = await readJournal(directory, log);
  expect([[...places.keys()], damagedLines]).toEqual([["a", "c"], 1]);
});

it("of another log counts for nothing", async () => {
  const directory = folder();
  const journal = await openJournal(directory, new Map([["a", place(1)]]));
  journal.changed("a");
  await journal.close();
  expect((await readJournal(directory, createLogId())).places.size).toBe(0);
});
