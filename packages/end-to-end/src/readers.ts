import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { StreamStatus, SubOptions } from "@falco-outputs/node";
import { onTestFinished } from "vitest";
import { clientOf } from "./test-server.js";

const bin = fileURLToPath(import.meta.resolve("falco-outputs/package.json")).replace(
  "package.json",
  "bin/falco-outputs.js",
);

/** Rules that only their number tells apart. */
export function numbered(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `rule ${from + index}`);
}

/** A stream that is read in the background, until the test ends. */
export function read(address: string, options: SubOptions) {
  /** Of the alerts that came, except those that report a loss. */
  const rules: string[] = [];
  const statuses: StreamStatus[] = [];
  const stream = clientOf(address).sub({ ...options, onStatus: (status) => statuses.push(status) });
  void (async () => {
    for await (const { rule, sequence } of stream) if (sequence !== 0n) rules.push(rule);
  })();
  return { rules, statuses, told: () => statuses.map(({ type }) => type) };
}

/** `falco-outputs sub --wait`, in a process of its own, which is killed when the test ends. */
export function print(address: string, ...options: string[]) {
  const args = [bin, "sub", "-a", address, "--wait", "-o", "json", ...options];
  const child = spawn(process.execPath, args);
  onTestFinished(() => void child.kill("SIGKILL"));
  const closed = once(child, "close");
  /** Of the alerts that it printed, except those that report a loss. */
  const rules: string[] = [];
  let said = "";
  createInterface(child.stdout).on("line", (line) => {
    const { rule, sequence } = JSON.parse(line);
    if (sequence !== undefined) rules.push(rule);
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    said += text;
  });
  const stop = async () => {
    child.kill("SIGTERM");
    return (await closed)[0];
  };
  return { rules, said: () => said, stop };
}
