import { execFile, spawnSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { lacks } from "@falco-outputs/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { Following, scratchFolder } from "./testing/follow.js";
import { Writer } from "./testing/writer.js";

const rotations = 6;
/** How many alerts are written before each rotation, and after the last one. */
const between = 3_000;
const total = (rotations + 1) * between;

// Where distributions put it is not on everyone's PATH.
const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
const installed = spawnSync("logrotate", ["--version"], { env }).status === 0;
const withoutLogrotate = lacks("logrotate", installed, "apt-get install logrotate");

const patience = { timeout: 20_000, interval: 2 };

let folder: string;
let path: string;
beforeEach(() => {
  folder = scratchFolder();
  path = join(folder, "alerts.json");
});

/** Lets logrotate rotate the file now, as `directives` say. */
async function rotate(...directives: string[]): Promise<void> {
  const configuration = join(folder, "logrotate.conf");
  const lines = [`"${path}" {`, "rotate 100", ...directives, "}", ""];
  writeFileSync(configuration, lines.join("\n"), { mode: 0o600 });
  const args = ["--force", "--state", join(folder, "logrotate.status"), configuration];
  await promisify(execFile)("logrotate", args, { env });
}

const reopen = (writer: Writer) => ["postrotate", `kill -USR1 ${writer.pid}`, "endscript"];
const rotated = () => readdirSync(folder).filter((name) => name.startsWith("alerts.json."));

describe.skipIf(withoutLogrotate)("with logrotate", { timeout: 60_000 }, () => {
  it("loses no line and repeats none while logrotate renames the file under load", async () => {
    const writer = await Writer.start(path);
    const following = await Following.start({ path, state: join(folder, "state") });
    writer.append(total);
    for (let rotation = 1; rotation <= rotations; rotation++) {
      await writer.reaches(rotation * between);
      await rotate("create", "nocompress", ...reopen(writer));
    }
    await following.expectNumbers(0, total);
    expect(rotated()).toHaveLength(rotations);
    expect(following.log).toEqual([]);
  });

  it("nor while it compresses what it renamed at once", async () => {
    const writer = await Writer.start(path);
    const following = await Following.start({ path, state: join(folder, "state") });
    for (let rotation = 1; rotation <= rotations; rotation++) {
      writer.append(between);
      await writer.reaches((rotation - 1) * between + between / 2);
      // A file that is compressed before it was opened cannot be read: the input has to be in the one that is rotated.
      await expect.poll(() => following.accepted, patience).toBeGreaterThan(writer.opened.at(-1)!);
      await rotate("create", "compress", ...reopen(writer));
      await writer.hasOpened(rotation + 1);
    }
    writer.append(between);
    await following.expectNumbers(0, total);
    expect(rotated().every((name) => name.endsWith(".gz"))).toBe(true);
    expect(following.log).toEqual([]);
  });

  it("nor while it copies and truncates, if nothing is written meanwhile", async () => {
    const writer = await Writer.start(path);
    const following = await Following.start({ path, state: join(folder, "state") });
    // A file that has grown to its former size again before it was looked at would not be known for another.
    const write = async (batch: number) => {
      writer.append(1);
      await following.reaches(batch * between + 1);
      writer.append(between - 1);
    };
    for (let rotation = 1; rotation <= rotations; rotation++) {
      await write(rotation - 1);
      await writer.reaches(rotation * between);
      await rotate("copytruncate", "nocompress");
    }
    await write(rotations);
    await following.expectNumbers(0, total);
    expect(rotated()).toHaveLength(rotations);
    expect(following.warnings).toEqual([]);
  });
});
