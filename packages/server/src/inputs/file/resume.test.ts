import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeEach, describe, expect, it } from "vitest";
import { Following, numbered, scratchFolder } from "./testing/follow.js";

let folder: string;
let path: string;
let state: string;
beforeEach(() => {
  folder = scratchFolder();
  path = join(folder, "alerts.json");
  // Beside the file, where it must not be taken for one that was rotated.
  state = join(folder, "alerts.json.state");
});

/** A first start, which took ten lines, and a stop. */
async function readTen(): Promise<void> {
  writeFileSync(path, "");
  const first = await Following.start({ path, state });
  appendFileSync(path, numbered(0, 10));
  await first.expectNumbers(0, 10);
  await first.stop();
}

/** The system's clock for files is coarse: what was written some milliseconds later may not look it. */
function touchLater(file: string): void {
  const seconds = Date.now() / 1000 + 1;
  utimesSync(file, seconds, seconds);
}

describe("after a restart", () => {
  it("goes on after the last line that was taken, again and again", async () => {
    await readTen();
    for (let start = 10; start < 50; start += 10) {
      appendFileSync(path, numbered(start, start + 5));
      const again = await Following.start({ path, state });
      appendFileSync(path, numbered(start + 5, start + 10));
      await again.expectNumbers(start, start + 10);
      await again.stop();
    }
  });

  it("takes a line whole whose beginning was written before", async () => {
    writeFileSync(path, "");
    const first = await Following.start({ path, state });
    const text = numbered(0, 11);
    appendFileSync(path, text.slice(0, -10));
    await first.expectNumbers(0, 10);
    await first.stop();
    appendFileSync(path, text.slice(-10));
    const again = await Following.start({ path, state });
    await again.expectNumbers(10, 11);
  });

  it("finds its file under another name, and reads all that came after it", async () => {
    await readTen();
    appendFileSync(path, numbered(10, 20));
    for (let rotations = 1; rotations <= 3; rotations++) {
      for (let number = rotations; number > 0; number--) {
        renameSync(number === 1 ? path : `${path}.${number - 1}`, `${path}.${number}`);
      }
      writeFileSync(path, numbered(rotations * 10 + 10, rotations * 10 + 20));
    }
    const again = await Following.start({ path, state });
    await again.expectNumbers(10, 50);
    appendFileSync(path, numbered(50, 60));
    await again.expectNumbers(10, 60);
    expect(again.log).toEqual([]);
  });

  it("finds the copy that was made before the file was truncated", async () => {
    await readTen();
    appendFileSync(path, numbered(10, 20));
    copyFileSync(path, `${path}-20260131`);
    truncateSync(path);
    appendFileSync(path, numbered(20, 500));
    const again = await Following.start({ path, state });
    await again.expectNumbers(10, 500);
    expect(again.log).toEqual([]);
  });

  it("finds the copy of a file of which no line was whole yet", async () => {
    const text = numbered(0, 10);
    writeFileSync(path, text.slice(0, 20));
    const first = await Following.start({ path, state, from: "beginning" });
    await first.stop();
    appendFileSync(path, text.slice(20));
    touchLater(path);
    copyFileSync(path, `${path}.1`);
    truncateSync(path);
    appendFileSync(path, numbered(10, 20));
    const again = await Following.start({ path, state });
    await again.expectNumbers(0, 20);
    expect(again.warnings).toEqual([]);
  });

  it("says so if its file is gone, and reads the files that were written since", async () => {
    await readTen();
    // Older than what was read: not to be repeated.
    writeFileSync(`${path}.2`, numbered(666, 667));
    utimesSync(`${path}.2`, 1, 1);
    rmSync(path);
    writeFileSync(`${path}.1`, numbered(10, 20));
    touchLater(`${path}.1`);
    writeFileSync(path, numbered(20, 30));
    const again = await Following.start({ path, state });
    await again.expectNumbers(10, 30);
    expect(again.warnings).toEqual([
      "the file that was read is gone: lines of it may be lost, and the next is read from its beginning",
    ]);
  });

  it("waits for its file if its folder is not there yet", async () => {
    const mount = join(folder, "mount");
    mkdirSync(mount);
    path = join(mount, "alerts.json");
    await readTen();
    renameSync(mount, join(folder, "elsewhere"));
    const again = await Following.start({ path, state });
    await again.told("waiting for a file");
    mkdirSync(mount);
    rmSync(mount, { recursive: true });
    renameSync(join(folder, "elsewhere"), mount);
    appendFileSync(path, numbered(10, 20));
    await again.expectNumbers(10, 20);
    expect(again.warnings).toEqual([]);
  });

  it("misses nothing of a file that was empty at the first start", async () => {
    writeFileSync(path, "");
    await (await Following.start({ path, state })).stop();
    appendFileSync(path, numbered(0, 10));
    copyFileSync(path, `${path}.1`);
    touchLater(`${path}.1`);
    truncateSync(path);
    appendFileSync(path, numbered(10, 20));
    const again = await Following.start({ path, state });
    await again.expectNumbers(0, 20);
    expect(again.log).toEqual([]);
  });

  it("says so if a file that was empty at the first start was compressed meanwhile", async () => {
    writeFileSync(path, "");
    const first = await Following.start({ path, state });
    await first.stop();
    writeFileSync(`${path}.1.gz`, gzipSync(numbered(0, 10)));
    touchLater(`${path}.1.gz`);
    writeFileSync(path, numbered(10, 20));
    const again = await Following.start({ path, state });
    await again.expectNumbers(10, 20);
    expect(again.warnings).toEqual(["files were compressed before they were read: their lines are lost"]);
  });

  it("misses nothing of a file that was not there at the first start", async () => {
    await (await Following.start({ path, state })).stop();
    writeFileSync(`${path}.1`, numbered(0, 10));
    touchLater(`${path}.1`);
    writeFileSync(path, numbered(10, 20));
    const again = await Following.start({ path, state });
    await again.expectNumbers(0, 20);
    expect(again.warnings).toEqual([]);
  });

  it("starts over without a state", async () => {
    writeFileSync(path, numbered(0, 10));
    await (await Following.start({ path })).stop();
    appendFileSync(path, numbered(10, 20));
    const again = await Following.start({ path });
    appendFileSync(path, numbered(20, 30));
    await again.expectNumbers(20, 30);
  });
});

describe("the state file", () => {
  it("is its owner's only, and holds nothing of an alert", async () => {
    await readTen();
    expect(statSync(state).mode & 0o777).toBe(0o600);
    expect(readFileSync(state, "utf8")).not.toMatch(/rule|Notice/);
  });

  it.each([
    ["a token", "s3cr3t-t0ken\n"],
    ["a configuration", "json_output: true\n"],
  ])("is not put in the place of %s", async (_, text) => {
    writeFileSync(state, text);
    await expect(Following.start({ path, state })).rejects.toThrow(
      "it is another file, which holds no position",
    );
    expect(readFileSync(state, "utf8")).toBe(text);
  });

  it("is made with its folder", async () => {
    const deep = `${state}.d/a/state`;
    const following = await Following.start({ path, state: deep });
    await following.stop();
    expect(statSync(deep).isFile()).toBe(true);
  });

  it.each([
    ["garbage", () => "\u0000".repeat(512)],
    ["more than a record", (text: string) => `${text}${text}`],
    ["a part of a record", (text: string) => text.slice(0, 100)],
    ["digits of two records", (text: string) => text.replace(/"offset":\d/, '"offset":7')],
    ["what is not a position", () => "a3a6bf43 {}"],
  ])("that has %s is told, and taken for none", async (_, damage) => {
    await readTen();
    writeFileSync(state, damage(readFileSync(state, "utf8")));
    const again = await Following.start({ path, state });
    expect(again.warnings).toEqual([
      "a file input's state cannot be read, and is started again: lines may come twice or be missing",
    ]);
    appendFileSync(path, numbered(10, 20));
    await again.expectNumbers(10, 20);
    await again.stop();
    appendFileSync(path, numbered(20, 30));
    const third = await Following.start({ path, state });
    await third.expectNumbers(20, 30);
    expect(third.warnings).toEqual([]);
  });

  it("that cannot be written is an error", async () => {
    writeFileSync(path, "");
    const nowhere = join(path, "state");
    const large = join(folder, "large");
    writeFileSync(large, "x".repeat(5_000));
    for (const no of [nowhere, folder, large]) {
      await expect(Following.start({ path, state: no })).rejects.toThrow(
        `inputs.files[0].state: ${JSON.stringify(no)}, expected a file that can be written (`,
      );
    }
    expect(readFileSync(large, "utf8")).toHaveLength(5_000);
    writeFileSync(path, "");
    await expect(Following.start({ path, state: path })).rejects.toThrow("expected another file than path");
  });

  it("is for one input at a time", async () => {
    const first = await Following.start({ path, state });
    const second = Following.start({ path: join(folder, "others.json"), state });
    await expect(second).rejects.toThrow(
      `inputs.files[0].state: ${JSON.stringify(state)}, expected a file of its own, which can be locked (`,
    );
    await first.stop();
    await Following.start({ path: join(folder, "others.json"), state });
  });
});
