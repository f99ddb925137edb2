import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, it } from "vitest";
import { folder } from "./outputs/testing/serve.js";

const entry = fileURLToPath(new URL("../dist/index.js", import.meta.url));

/** Runs a program that was bundled to CommonJS, with this package in it, and returns what it prints. */
async function runBundled(path: string, program: string): Promise<string> {
  const outfile = join(path, "program.cjs");
  await build({
    stdin: { contents: `const server = require(${JSON.stringify(entry)});\n${program}`, resolveDir: path },
    bundle: true,
    platform: "node",
    format: "cjs",
    outfile,
    logOverride: { "empty-import-meta": "silent" },
  });
  // pnpm sets NODE_PATH, by which packages would be found that are not installed there.
  const { NODE_PATH, ...env } = process.env;
  return execFileSync(process.execPath, [outfile], { encoding: "utf8", env });
}

it("runs in a CommonJS bundle", async () => {
  const program = `
    server.startServer({ listen: [], outputs: { stdout: true, format: { json: true } } }).then(async (started) => {
      await started.publish('{"rule":"bundled","priority":"Notice"}');
      await started.stop();
    });
  `;
  expect(JSON.parse(await runBundled(folder(), program))).toMatchObject({ rule: "bundled" });
});

it("finds the package for the local syslog beside a CommonJS bundle", async () => {
  const path = folder();
  const socket = join(path, "log");
  const program = `
    server.startServer({ listen: [], outputs: { syslog: { socket: ${JSON.stringify(socket)} } } }).then(
      async (started) => { await started.stop(); console.log("started"); },
      (error) => console.log(error.message),
    );
  `;
  const installed = realpathSync(new URL("../node_modules/node-unix-socket", import.meta.url));
  const modules = join(path, "node_modules");
  mkdirSync(modules);
  // With the package of this platform that it loads, which is installed beside it.
  cpSync(join(installed, ".."), modules, { recursive: true, dereference: true });
  expect(await runBundled(path, program)).toBe("started\n");
});
