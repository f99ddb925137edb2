// Builds a private package with what it needs, and runs its program: node scripts/run.mjs NAME [ARG ...]
import { spawnSync } from "node:child_process";
import { root } from "./pnpm.mjs";

const stderr = 2;
const [name, ...args] = process.argv.slice(2);
const build = ["turbo", "run", "build", `--filter=@falco-outputs/${name}`];

// Standard output is the program's alone, for it may be read by another.
node(["scripts/workspace.mjs", ...build], ["inherit", stderr, stderr]);
node([`packages/${name}/dist/main.js`, ...args], "inherit");

/** Runs a program of Node's; ends this one when it fails. */
function node(program, stdio) {
  const { status } = spawnSync(process.execPath, program, { cwd: root, stdio });
  if (status !== 0) process.exit(status ?? 1);
}
