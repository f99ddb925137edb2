import { type SpawnOptions, spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { own } from "./processes.js";

/** A program and its first arguments. */
export type Command = readonly [program: string, ...args: string[]];

/** Runs a program, which is not a role of ours, and returns what it printed. @throws Error with what it said. */
export async function runProgram(
  command: string,
  args: readonly string[],
  options: Pick<SpawnOptions, "cwd" | "env"> = {},
): Promise<string> {
  const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  own(child);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => resolve(status));
  });
  const [stdout, stderr, status] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (status !== 0) throw new Error(`${command}: exit status ${status}: ${(stderr || stdout).trim()}`);
  return stdout;
}
