// Runs the pnpm that package.json names, so that Node and npm are all a clone needs.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));
const { packageManager } = JSON.parse(readFileSync(`${root}/package.json`, "utf8"));

/** Runs pnpm in the workspace, showing its output; returns its exit status. */
export function pnpm(...args) {
  const { status, signal, error } = spawnSync("npx", ["-y", packageManager, ...args], {
    cwd: root,
    stdio: "inherit",
    shell: process.platform === "win32",
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1" },
  });
  if (error !== undefined) throw error;
  return signal === null ? status : 1;
}

/** As `pnpm`, but a failure ends this process with the same status. */
export function pnpmOrExit(...args) {
  const status = pnpm(...args);
  if (status !== 0) process.exit(status);
}

export function install() {
  pnpmOrExit("install", "--frozen-lockfile", "--prefer-offline");
}
