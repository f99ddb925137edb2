import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";

const { resolve } = createRequire(import.meta.url);
const nodeModules = ["--module", "nodenext", "--types", "node"];
const bundled = ["--module", "esnext", "--moduleResolution", "bundler", "--typeRoots", "none"];

/** What the READMEs say: the least TypeScript, what checks the libraries as well, and what CommonJS takes. */
it.each([
  ["typescript-5.2", "node.ts", ["--lib", "es2022", "--skipLibCheck", ...nodeModules]],
  ["typescript-5.2", "web.ts", ["--lib", "es2022,dom", "--skipLibCheck", ...bundled]],
  ["typescript-5.9", "node.ts", ["--lib", "es2022,dom", ...nodeModules]],
  ["typescript-5.9", "web.ts", ["--lib", "es2022,dom", ...bundled]],
  ["typescript-5.9", "common.cts", ["--lib", "es2022", "--skipLibCheck", ...nodeModules]],
])(
  "%s takes %s with %s",
  async (compiler, file, options) => {
    const tsc = join(dirname(resolve(`${compiler}/package.json`)), "bin/tsc");
    const folder = join(import.meta.dirname, "../types");
    const args = [tsc, "--noEmit", "--strict", "--target", "es2022", ...options, join(folder, file)];
    const said = await new Promise<string>((done) => {
      execFile(process.execPath, args, { cwd: folder }, (_, stdout, stderr) => done(stdout + stderr));
    });
    expect(said).toBe("");
  },
  60_000,
);
