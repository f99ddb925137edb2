import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { startServer } from "../../index.js";
import { Following, numbered, scratchFolder } from "./testing/follow.js";

let folder: string;
let path: string;
beforeEach(() => {
  folder = scratchFolder();
  path = join(folder, "alerts.json");
});

describe("where it begins", () => {
  it("takes what is appended, and by default nothing of what was there", async () => {
    writeFileSync(path, numbered(0, 10));
    const following = await Following.start({ path });
    appendFileSync(path, numbered(10, 20));
    await following.expectNumbers(10, 20);
  });

  it("takes all of it, if it is told so", async () => {
    writeFileSync(path, numbered(0, 10));
    const following = await Following.start({ path, from: "beginning" });
    appendFileSync(path, numbered(10, 20));
    await following.expectNumbers(0, 20);
  });

  it.each([
    ["short", 0],
    ["longer than what is read at once", 300_000],
  ])("does not cut a line that is being written, %s", async (_, length) => {
    const line = `{"rule":"1","priority":"Notice","output":"${"x".repeat(length)}"}\n`;
    writeFileSync(path, numbered(0, 1) + line.slice(0, -20));
    const following = await Following.start({ path });
    appendFileSync(path, line.slice(-20) + numbered(2, 3));
    await following.expectNumbers(1, 3);
  });

  it("takes a file that comes later from its beginning, and says once that it waits", async () => {
    const later = join(folder, "a", "b", "alerts.json");
    const following = await Following.start({ path: later });
    expect((await following.told("waiting for a file")).fields).toEqual({ file: later });
    mkdirSync(join(folder, "a"));
    await turn();
    mkdirSync(join(folder, "a", "b"));
    await turn();
    writeFileSync(later, numbered(0, 10));
    await following.expectNumbers(0, 10);
    appendFileSync(later, numbered(10, 20));
    await following.expectNumbers(0, 20);
    expect(following.log).toHaveLength(1);
  });
});

describe("lines", () => {
  it("are taken when they are whole, in whatever pieces they are written", async () => {
    writeFileSync(path, "");
    const following = await Following.start({ path });
    const bytes = Buffer.from(numbered(0, 20));
    for (let at = 0; at < bytes.length; at += 7) {
      appendFileSync(path, bytes.subarray(at, at + 7));
      await turn();
    }
    await following.expectNumbers(0, 20);
  });

  it("are taken from a file that is much larger than what is read at once", async () => {
    writeFileSync(path, numbered(0, 20_000));
    const following = await Following.start({ path, from: "beginning" });
    await following.expectNumbers(0, 20_000);
  }, 20_000);

  it("that are not an alert, or are too long, cost nothing but themselves, and are never logged", async () => {
    writeFileSync(path, "");
    const following = await Following.start({ path });
    appendFileSync(path, `${numbered(0, 1)}secret\n${"secret".repeat(1_000_000)}\n${numbered(1, 2)}`);
    expect(await following.numbers(2)).toEqual([0, 1]);
    expect(following.rejected).toBe(2);
    expect(JSON.stringify(following.log)).not.toContain("secret");
  });
});

describe("a byte order mark", () => {
  it("of UTF-8 is not part of the first line", async () => {
    writeFileSync(path, `\ufeff${numbered(0, 10)}`);
    const following = await Following.start({ path, from: "beginning" });
    appendFileSync(path, numbered(10, 20));
    await following.expectNumbers(0, 20);
  });

  it("of UTF-16 has the file rejected, once, and called that", async () => {
    writeFileSync(path, Buffer.from(`\ufeff${numbered(0, 10)}`, "utf16le"));
    const following = await Following.start({ path, from: "beginning" });
    expect((await following.told("rejected")).fields).toMatchObject({
      rejected: 1,
      reason: "the file is in UTF-16, expected UTF-8",
    });
    appendFileSync(path, Buffer.from(numbered(10, 20_000), "utf16le"));
    renameSync(path, `${path}.1`);
    writeFileSync(path, numbered(0, 10));
    await following.expectNumbers(0, 10, 1);
  });
});

describe("a path that cannot be followed", () => {
  it("is refused if it is a folder, a named pipe, or nothing", async () => {
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    for (const no of [folder, pipe]) {
      await expect(Following.start({ path: no })).rejects.toThrow(
        `inputs.files[0].path: ${JSON.stringify(no)}, expected a regular file, or nothing yet`,
      );
    }
    await expect(Following.start({ path: "" })).rejects.toThrow("expected the path of a file");
    const twice = startServer({ listen: [], inputs: { files: [{ path }, { path }] } });
    await expect(twice).rejects.toThrow(
      `inputs.files[1].path: ${JSON.stringify(path)}, expected each file only once`,
    );
  });

  it("is tried again if it cannot be opened, and told of", async () => {
    symlinkSync(path, path);
    const following = await Following.start({ path, from: "beginning" });
    expect(await following.told("cannot be read, and is tried again")).toMatchObject({
      level: "warn",
      fields: { file: path, reason: expect.stringContaining("ELOOP") },
    });
    rmSync(path);
    writeFileSync(path, numbered(0, 10));
    await following.expectNumbers(0, 10);
  });

  it("is tried again if it becomes a folder", async () => {
    writeFileSync(path, numbered(0, 1));
    const following = await Following.start({ path, from: "beginning" });
    await following.expectNumbers(0, 1);
    renameSync(path, `${path}.1`);
    mkdirSync(path);
    expect((await following.told("cannot be read")).fields.reason).toContain("is not a regular file");
    rmSync(path, { recursive: true });
    writeFileSync(path, numbered(1, 2));
    await following.expectNumbers(0, 2);
  });
});

// Only Linux says what a process has open.
it.runIf(process.platform === "linux")(
  "lets go of everything when it stops, and can be stopped at once",
  async () => {
    writeFileSync(path, numbered(0, 20_000));
    const state = join(folder, "state");
    const following = await Following.start({ path, state, from: "beginning" });
    await following.stop();
    const open = readdirSync("/proc/self/fd").map((fd) => {
      try {
        return readlinkSync(join("/proc/self/fd", fd));
      } catch {
        return "";
      }
    });
    expect(open.filter((name) => name.startsWith(folder))).toEqual([]);
    expect(readdirSync(folder).sort()).toEqual(["alerts.json", "state"]);
  },
);
