// Runs the pnpm that package.json names, so that Node and npm are all a clone needs.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));
const { packageManager } = JSON.parse(readFileSync(`${root}/package.json`, "utf8"));

/** Runs pnpm in the workspace, its output shown; gives its exit status. */
export function pnpm(...args) {
  return run(args, "inherit");
}

/** As `pnpm`, but a failure ends this process with the same status. */
export function pnpmOrExit(...args) {
  exitUnless(pnpm(...args));
}

/** As `pnpmOrExit`, but leaves standard output alone, which is then what comes after it. */
export function pnpmAside(...args) {
  exitUnless(run(args, ["inherit", 2, 2]));
}

const installation = ["install", "--frozen-lockfile", "--prefer-offline"];

export function install() {
  pnpmOrExit(...installation);
}

export function installAside() {
  pnpmAside(...installation);
}

function run(args, stdio) {
  const { status, signal, error } = spawnSync("npx", ["-y", packageManager, ...args], {
    cwd: root,
    stdio,
    shell: process.platform === "win32",
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1" },
  });
  if (error !== undefined) throw error;
  return signal === null ? status : 1;
}

function exitUnless(status) {
  if (status !== 0) process.exit(status);
}
