import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lacks } from "@falco-outputs/testing";
import { onTestFinished } from "vitest";
import { folder } from "./serve.js";

const mounts = spawnSync("unshare", ["--mount", "true"]).status === 0;
/** Whether tests that mount file systems are left out here. */
export const withoutMounts = lacks(
  "the right to mount file systems",
  mounts,
  "run as root, with CAP_SYS_ADMIN",
);
/** The same for those that mount one that can be frozen. */
export const withoutFreezing =
  withoutMounts ||
  lacks(
    "a disk to freeze (/dev/loop-control, mkfs.ext4, fsfreeze)",
    existsSync("/dev/loop-control") &&
      ["mkfs.ext4", "fsfreeze"].every((tool) => spawnSync(tool, ["-V"]).error === undefined),
    "apt-get install e2fsprogs util-linux, and have loop devices",
  );

/** A file system of its own, of 64 KiB. */
export function smallDisk(): string {
  const path = folder();
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", path]);
  onTestFinished(() => void execFileSync("umount", ["-l", path]));
  return path;
}

/** The longest that a disk stays frozen, in seconds, whatever becomes of the test: what hangs on it cannot be killed. */
const maxFrozenSeconds = 60;

/** A disk on which every write hangs in the kernel while it is frozen. */
export class FreezingDisk {
  readonly path: string;
  #isFrozen = false;

  constructor() {
    const where = folder();
    const image = join(where, "image");
    this.path = join(where, "disk");
    writeFileSync(image, Buffer.alloc(4 * 1024 * 1024));
    execFileSync("mkfs.ext4", ["-q", image]);
    mkdirSync(this.path);
    execFileSync("mount", ["-o", "loop", image, this.path]);
    onTestFinished(() => void execFileSync("umount", ["-l", this.path]));
  }

  /** Freezes it until the end of the test at the latest. */
  freeze(): void {
    const thawLater = `sleep ${maxFrozenSeconds}; fsfreeze --unfreeze "$0"; umount -l "$0"`;
    const guard = spawn("sh", ["-c", thawLater, this.path], { detached: true, stdio: "ignore" });
    guard.unref();
    execFileSync("fsfreeze", ["--freeze", this.path]);
    this.#isFrozen = true;
    // Before whatever hangs is waited for.
    onTestFinished(() => {
      this.thaw();
      process.kill(-guard.pid!);
    });
  }

  thaw(): void {
    if (this.#isFrozen) execFileSync("fsfreeze", ["--unfreeze", this.path]);
    this.#isFrozen = false;
  }
}
