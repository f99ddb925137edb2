import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { transformSync } from "esbuild";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { command, endRuns, falcoOutputs, Run } from "./testing/run.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bin-"));
});
afterEach(() => {
  endRuns();
  rmSync(folder, { recursive: true });
});

const serve = (env: NodeJS.ProcessEnv = {}) =>
  new Run(["serve", "--listen", join(folder, "falco.sock"), "--http", `unix://${folder}/in.sock`], env);

/** The environment in which Node runs a script before the command. */
function preloading(script: string): NodeJS.ProcessEnv {
  const file = join(folder, "preload.mjs");
  writeFileSync(file, script);
  return { NODE_OPTIONS: `--import ${file}` };
}

describe("the command's first file", () => {
  it("keeps a signal for rotation that comes while the rest is loaded from ending the process or opening a debugger", async () => {
    // Sent by Node's loader, when it is asked for the first file after it.
    const hooks = `let isSent = false;
export async function resolve(specifier, context, next) {
  if (!isSent && context.parentURL?.endsWith("/bin/falco-outputs.js")) {
    isSent = true;
    for (const signal of ["SIGUSR1", "SIGHUP"]) process.kill(process.pid, signal);
  }
  return await next(specifier, context);
}`;
    writeFileSync(join(folder, "hooks.mjs"), hooks);
    const run = serve(
      preloading(`import { register } from "node:module"; register("file://${folder}/hooks.mjs");`),
    );
    await run.logged("ready");
    run.child.kill("SIGTERM");
    expect(await run.status).toBe(0);
    expect(run.err).not.toMatch(/debugger|inspector/i);
  });

  it("closes the debugger that a SIGUSR1 opened while Node was starting", async () => {
    // As Node does by itself before any script has run.
    const run = serve(preloading(`import { open } from "node:inspector"; open(0, "127.0.0.1");`));
    await run.logged("ready");
    const [, port] = /Debugger listening on ws:\/\/127\.0\.0\.1:(\d+)/.exec(run.err)!;
    await expect(fetch(`http://127.0.0.1:${port}/json`)).rejects.toThrow("fetch failed");
  });

  it.each(["--version", "--help", "sub --help", "get --help", "serve --help"])(
    "loads nothing for %s that only the commands themselves need",
    async (args) => {
      writeFileSync(
        join(folder, "hooks.mjs"),
        `import { appendFileSync } from "node:fs";
export async function load(url, context, next) {
  appendFileSync(${JSON.stringify(join(folder, "loaded"))}, url + "\\n");
  return await next(url, context);
}`,
      );
      const run = new Run(
        args,
        preloading(`import { register } from "node:module"; register("file://${folder}/hooks.mjs");`),
      );
      expect(await run.status).toBe(0);
      const loaded = readFileSync(join(folder, "loaded"), "utf8").trimEnd().split("\n");
      expect(loaded).toContainEqual(expect.stringMatching(/commander/));
      expect(
        loaded.filter((url) => /bufbuild|connectrpc|node:http2?$|yaml|zod|core.dist.index/.test(url)),
      ).toEqual([]);
    },
  );

  it("lets SIGHUP end the other commands, as when their terminal is closed", async () => {
    const run = falcoOutputs("sub", "-a", join(folder, "falco.sock"), "--wait");
    await expect.poll(() => run.err).toContain("waiting for the server: ");
    run.child.kill("SIGHUP");
    expect(await run.status).toBe("SIGHUP");
  });

  it("gives the process a name for killall, and leaves its command line alone", async () => {
    const run = serve();
    await run.logged("ready");
    const of = (name: string) => readFileSync(`/proc/${run.child.pid}/${name}`, "utf8");
    expect(of("comm")).toBe("falco-outputs\n");
    expect(of("cmdline").split("\0")).toContain("serve");
  });

  it("says in a sentence that Node is too old", async () => {
    const versions = (node: string) =>
      preloading(
        `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${node}" } });`,
      );
    for (const version of ["16.20.2", "18.20.8", "20.18.3"]) {
      const run = new Run(["--version"], versions(version));
      expect([await run.status, run.out]).toEqual([1, ""]);
      expect(run.err).toBe(
        `falco-outputs needs Node 20.19 or later; this is Node ${version} (${process.execPath})\n`,
      );
    }
    expect(await new Run(["--version"], versions("21.0.0")).status).toBe(0);
  });

  it("parses on an old Node: with the syntax of 2015, and import()", () => {
    const text = readFileSync(command, "utf8");
    const downTo = (target: string) =>
      transformSync(text, { target, supported: { "dynamic-import": true } }).code;
    expect(downTo("es2015")).toBe(downTo("esnext"));
    expect(text).not.toMatch(/\bawait\b|^\s*(?:import|export)\s/m);
  });
});

describe("a reader that is gone", () => {
  it.each([["--help"], ["--version"], ["sub", "--help"]])(
    "of stdout is not an error: %s %s",
    async (...args) => {
      const run = falcoOutputs(...args.filter((arg) => arg !== undefined));
      run.child.stdout.destroy();
      expect([await run.status, run.err]).toEqual([0, ""]);
    },
  );

  it("of stderr changes no exit status", async () => {
    for (const [args, status] of [
      [["nope"], 2],
      [["sub", "-a", join(folder, "nothing.sock")], 1],
      [["forward", "-a", "nowhere"], 1],
    ] as const) {
      const run = falcoOutputs(...args);
      run.child.stderr.destroy();
      run.child.stdin.end();
      expect(await run.status).toBe(status);
    }
  });
});

it("fails when what was asked for cannot be written", async () => {
  for (const args of ["--help", "--version"]) {
    const run = new Run(`${args} >/dev/full`);
    expect(await run.status).toBe(1);
    expect(run.err).toMatch(/^falco-outputs: .*ENOSPC.*\n$/);
  }
});
