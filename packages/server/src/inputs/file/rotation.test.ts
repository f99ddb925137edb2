import {
  appendFileSync,
  closeSync,
  copyFileSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { Following, numbered, scratchFolder } from "./testing/follow.js";

// What is done to the files between two awaits is one event for the server, which runs in the same thread.

let path: string;
let following: Following;
beforeEach(async () => {
  path = join(scratchFolder(), "alerts.json");
  writeFileSync(path, numbered(0, 10));
  following = await Following.start({ path, from: "beginning" });
  await following.expectNumbers(0, 10);
});

/** Renames like logrotate: `.1` becomes `.2` and so on, and the file itself `.1`. */
function shift(rotations: number): void {
  for (let number = rotations; number > 0; number--) {
    renameSync(number === 1 ? path : `${path}.${number - 1}`, `${path}.${number}`);
  }
}

describe("a file that is renamed", () => {
  it("is read on while its writer has not gone on to the next", async () => {
    const writer = openSync(path, "a");
    onTestFinished(() => closeSync(writer));
    shift(1);
    writeSync(writer, numbered(10, 20));
    await following.expectNumbers(0, 20);
    writeFileSync(path, "");
    writeSync(writer, numbered(20, 30));
    await following.expectNumbers(0, 30);
    writeSync(writer, numbered(30, 40));
    appendFileSync(path, numbered(40, 50));
    await following.expectNumbers(0, 50);
  });

  it("is read to its end first, and a last line without its line end counts", async () => {
    appendFileSync(path, numbered(10, 20).trimEnd());
    shift(1);
    writeFileSync(path, numbered(20, 30));
    await following.expectNumbers(0, 30);
  });

  it("is read to its end although it was removed", async () => {
    appendFileSync(path, numbered(10, 5_000));
    rmSync(path);
    await following.expectNumbers(0, 5_000);
    writeFileSync(path, numbered(5_000, 5_010));
    await following.expectNumbers(0, 5_010);
  });

  it("is followed by all that came after it, in order, empty ones too", async () => {
    for (let rotation = 1; rotation <= 12; rotation++) {
      appendFileSync(path, rotation % 4 === 0 ? "" : numbered(rotation * 10, rotation * 10 + 10));
      shift(rotation);
      writeFileSync(path, "");
    }
    appendFileSync(path, numbered(130, 140));
    const numbers = await following.numbers(110);
    const kept = (number: number) => number < 140 && ![4, 8, 12].includes(Math.floor(number / 10));
    expect(numbers).toEqual(Array.from({ length: 140 }, (_, index) => index).filter(kept));
    expect(following.warnings).toEqual([]);
  });

  it.each([
    ["a date", (day: number) => `alerts.json-202601${10 + day}`],
    ["a date before its ending", (day: number) => `alerts-202601${10 + day}.json`],
    ["a time", (day: number) => `alerts.json.2026-01-01T0${day}:00:00Z`],
  ])("may get %s for a name", async (_, name) => {
    for (let day = 1; day <= 5; day++) {
      appendFileSync(path, numbered(day * 10, day * 10 + 10));
      renameSync(path, join(path, "..", name(day)));
    }
    writeFileSync(path, numbered(60, 70));
    await following.expectNumbers(0, 70);
  });

  it("is not followed by what only has a similar name", async () => {
    shift(1);
    for (const name of [".state", ".1.swp", "-notes", ".old"]) {
      writeFileSync(`${path}${name}`, numbered(666, 667));
    }
    writeFileSync(join(path, "..", "alerts-node2.json"), numbered(666, 667));
    writeFileSync(path, numbered(10, 20));
    await following.expectNumbers(0, 20);
  });

  it("and by what was compressed before it could be read: that is told", async () => {
    shift(1);
    writeFileSync(`${path}.1.gz`, gzipSync(numbered(10, 20)));
    renameSync(`${path}.1`, `${path}.2`);
    writeFileSync(path, numbered(20, 30));
    expect((await following.told("compressed before they were read")).fields).toEqual({
      file: path,
      compressed: [`${path}.1.gz`],
    });
    expect((await following.numbers(20)).slice(10)[0]).toBe(20);
  });
});

describe("a file that is truncated", () => {
  it("is read from its beginning, and that is told", async () => {
    truncateSync(path);
    appendFileSync(path, numbered(10, 15));
    await following.expectNumbers(0, 15);
    expect(following.warnings).toEqual([
      "a file was truncated, and is read from its beginning: lines that were not read before are lost",
    ]);
  });

  it.each([
    ["as long as before", 19],
    ["longer", 1_000],
  ])("is recognised when it is %s", async (_, to) => {
    const { size } = statSync(path);
    truncateSync(path);
    // Blank lines are nothing.
    appendFileSync(path, numbered(10, to).padEnd(size, "\n"));
    await following.expectNumbers(0, to);
    expect(following.warnings).toHaveLength(1);
  });

  it("is read to its end in the copy that was made before (copytruncate)", async () => {
    for (let rotation = 1; rotation <= 3; rotation++) {
      appendFileSync(path, numbered(rotation * 10, rotation * 10 + 10));
      for (let number = rotation; number > 1; number--) {
        renameSync(`${path}.${number - 1}`, `${path}.${number}`);
      }
      copyFileSync(path, `${path}.1`);
      truncateSync(path);
    }
    await following.expectNumbers(0, 40);
    appendFileSync(path, numbered(40, 50));
    await following.expectNumbers(0, 50);
    expect(following.warnings).toEqual([]);
  });

  it("in the middle of a line is read on in its copy without that line being cut", async () => {
    const text = numbered(10, 20);
    appendFileSync(path, text.slice(0, -5));
    await following.numbers(19);
    appendFileSync(path, text.slice(-5));
    copyFileSync(path, `${path}.1`);
    truncateSync(path);
    appendFileSync(path, numbered(20, 30));
    await following.expectNumbers(0, 30);
  });

  it("is found in its copies even if it was empty when it was seen last", async () => {
    truncateSync(path);
    await following.told("a file was truncated");
    for (let number = 2; number > 0; number--) {
      appendFileSync(path, numbered(30 - number * 10, 40 - number * 10));
      copyFileSync(path, `${path}.${number}`);
      truncateSync(path);
    }
    appendFileSync(path, numbered(30, 40));
    await following.expectNumbers(0, 40);
  });

  it("is not read twice while its copy is being made", async () => {
    appendFileSync(path, numbered(10, 20));
    shift(1);
    writeFileSync(path, numbered(20, 30));
    writeFileSync(`${path}-20260131`, numbered(20, 25));
    await following.expectNumbers(0, 30);
    copyFileSync(path, `${path}-20260131`);
    truncateSync(path);
    appendFileSync(path, numbered(30, 40));
    await following.expectNumbers(0, 40);
    expect(following.warnings).toEqual([]);
  });
});
