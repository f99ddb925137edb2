import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, it, onTestFinished } from "vitest";
import { DirectoryLock } from "./directory-lock.js";
import { folder } from "./testing/test-store.js";

/** A process that takes the lock of a directory, once it has it. */
async function holder(directory: string) {
  const script = join(folder(), "holder.mjs");
  await build({
    stdin: {
      contents: `import { DirectoryLock } from "./directory-lock.js";
await DirectoryLock.take(${JSON.stringify(directory)});
console.log("taken");
setInterval(() => undefined, 1000);`,
      resolveDir: fileURLToPath(new URL(".", import.meta.url)),
    },
    ...{ bundle: true, platform: "node", format: "esm", outfile: script },
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
    },
  });
  const child = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  return child;
}

it("keeps a second process away, and says who has it", async () => {
  const directory = folder();
  const { pid } = await holder(directory);
  await expect(DirectoryLock.take(directory)).rejects.toMatchObject({
    problem: "locked",
    path: directory,
    message: `${directory}: another process uses it (process ${pid})`,
  });
});

it("keeps a second process away from one that is stopped", async () => {
  const directory = folder();
  const child = await holder(directory);
  child.kill("SIGSTOP");
  await expect(DirectoryLock.take(directory)).rejects.toMatchObject({ problem: "locked" });
});

it("is free after a SIGKILL, and leaves nothing behind", async () => {
  const directory = folder();
  const child = await holder(directory);
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(readdirSync(directory)).toHaveLength(1);
  const lock = await DirectoryLock.take(directory);
  expect(readdirSync(directory)).toHaveLength(1);
  await lock.release();
  expect(readdirSync(directory)).toHaveLength(0);
});

it("is waited for while the process that has it ends", async () => {
  const directory = folder();
  const first = await DirectoryLock.take(directory);
  const second = DirectoryLock.take(directory);
  await first.release();
  await (await second).release();
});

it("is given to at most one of many that come at once", async () => {
  const directory = folder();
  const taken = await Promise.allSettled(Array.from({ length: 8 }, () => DirectoryLock.take(directory)));
  const locks = taken.filter((result) => result.status === "fulfilled");
  expect(locks.length).toBeLessThanOrEqual(1);
  for (const { value } of locks) await value.release();
});

it("works in a directory with a long path", async () => {
  const directory = join(folder(), "a".repeat(120), "b".repeat(120));
  mkdirSync(directory, { recursive: true });
  const lock = await DirectoryLock.take(directory);
  await expect(DirectoryLock.take(directory)).rejects.toMatchObject({ problem: "locked" });
  await lock.release();
});

it("keeps a process of another network namespace away", async () => {
  const directory = folder();
  const lock = await DirectoryLock.take(directory);
  const [socket] = readdirSync(directory);
  const script = `require("net").connect(process.argv[1]).on("connect", () => process.exit(0)).on("error", () => process.exit(1))`;
  execFileSync("unshare", ["--net", process.execPath, "-e", script, join(directory, socket!)]);
  await lock.release();
});
