import { appendFileSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeEach, describe, expect, it } from "vitest";
import { Following, numbered, scratchFolder } from "./testing/follow.js";

// What is done to the files between two awaits is one event for the server, which runs in the same thread.

let path: string;
let state: string;
beforeEach(() => {
  const folder = scratchFolder();
  path = join(folder, "alerts.json");
  state = join(folder, "state");
});

/** Starts with ten lines, which are read. */
async function follow(): Promise<Following> {
  writeFileSync(path, numbered(0, 10));
  const following = await Following.start({ path, state, from: "beginning" });
  await following.expectNumbers(0, 10);
  return following;
}

/** Packs a file like `gzip -c FILE > FILE.gz && rm FILE`: what comes of it has a time of its own, the latest of all. */
function pack(from: string, to = `${from}.gz`): void {
  writeFileSync(to, gzipSync(readFileSync(from)));
  rmSync(from);
  utimesSync(to, Date.now() / 1000 + 5, Date.now() / 1000 + 5);
}

describe("a file that was compressed once it was read", () => {
  it("is not called lost, whatever time the compressed file has", async () => {
    const following = await follow();
    renameSync(path, `${path}.1`);
    writeFileSync(path, "");
    pack(`${path}.1`);
    appendFileSync(path, numbered(10, 20));
    await following.expectNumbers(0, 20);
    expect(following.warnings).toEqual([]);
  });

  it("nor are those of the rotations before", async () => {
    const following = await follow();
    for (let rotation = 1; rotation <= 4; rotation++) {
      for (let number = rotation - 1; number > 0; number--) {
        renameSync(`${path}.${number}.gz`, `${path}.${number + 1}.gz`);
      }
      renameSync(path, `${path}.1`);
      pack(`${path}.1`);
      writeFileSync(path, numbered(rotation * 10, rotation * 10 + 10));
      await following.expectNumbers(0, rotation * 10 + 10);
    }
    expect(following.warnings).toEqual([]);
  });

  it("nor if the last line had no end when it was compressed", async () => {
    const following = await follow();
    appendFileSync(path, numbered(10, 11).trimEnd());
    renameSync(path, `${path}.1`);
    pack(`${path}.1`);
    writeFileSync(path, numbered(11, 20));
    await following.expectNumbers(0, 20);
    expect(following.warnings).toEqual([]);
  });

  it.each([
    ["xz", Buffer.from("not looked into")],
    ["gz", Buffer.from("not gzip")],
    ["gz", Buffer.alloc(0)],
  ])("nor in a format that cannot be looked into: %s, %o", async (ending, content) => {
    const following = await follow();
    rmSync(path);
    writeFileSync(`${path}.1.${ending}`, content);
    writeFileSync(path, numbered(10, 20));
    // Both within the second of the last write and later.
    if (content.length > 10) utimesSync(`${path}.1.${ending}`, Date.now() / 1000 + 5, Date.now() / 1000 + 5);
    await following.expectNumbers(0, 20);
    expect(following.warnings).toEqual([]);
  });

  it("nor while the server was away", async () => {
    await (await follow()).stop();
    renameSync(path, `${path}.1`);
    pack(`${path}.1`);
    writeFileSync(path, numbered(10, 20));
    const again = await Following.start({ path, state });
    await again.expectNumbers(10, 20);
    expect(again.warnings).toEqual([]);
  });
});

describe("a file that was compressed before it was read", () => {
  it("is told, and no other is", async () => {
    const following = await follow();
    renameSync(path, `${path}.2`);
    pack(`${path}.2`);
    writeFileSync(`${path}.1`, numbered(10, 20));
    pack(`${path}.1`);
    writeFileSync(path, numbered(20, 30));
    expect(await following.told("compressed before they were read: their lines are lost")).toMatchObject({
      level: "warn",
      fields: { file: path, compressed: [`${path}.1.gz`] },
    });
    expect((await following.numbers(20)).slice(10)[0]).toBe(20);
    expect(following.warnings).toHaveLength(1);
  });

  it("is told in a format that cannot be looked into as well", async () => {
    const following = await follow();
    renameSync(path, `${path}.2`);
    pack(`${path}.2`, `${path}.2.xz`);
    writeFileSync(`${path}.1`, numbered(10, 20));
    pack(`${path}.1`, `${path}.1.xz`);
    writeFileSync(path, numbered(20, 30));
    expect(await following.told("their lines are lost unless they were read before")).toMatchObject({
      fields: { file: path, compressed: [`${path}.1.xz`] },
    });
  });

  it("is told if that was while the server was away", async () => {
    await (await follow()).stop();
    renameSync(path, `${path}.2`);
    pack(`${path}.2`);
    writeFileSync(`${path}.1`, numbered(10, 20));
    pack(`${path}.1`);
    writeFileSync(path, numbered(20, 30));
    const again = await Following.start({ path, state });
    await again.expectNumbers(20, 30);
    expect(again.log).toMatchObject([{ fields: { file: path, compressed: [`${path}.1.gz`] } }]);
  });

  it("is told if a part of it was read before the server was away", async () => {
    await (await follow()).stop();
    appendFileSync(path, numbered(10, 20));
    renameSync(path, `${path}.1`);
    pack(`${path}.1`);
    writeFileSync(path, numbered(20, 30));
    const again = await Following.start({ path, state });
    await again.expectNumbers(20, 30);
    expect(again.warnings).toEqual([
      "the file that was read is gone: lines of it may be lost, and the next is read from its beginning",
    ]);
  });
});
