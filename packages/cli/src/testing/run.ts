import {
  type ChildProcess,
  type ChildProcessWithoutNullStreams,
  type StdioOptions,
  spawn,
} from "node:child_process";
import { once } from "node:events";
import { expect } from "vitest";

/** The command's file. */
export const command = new URL("../../bin/falco-outputs.js", import.meta.url).pathname;
const children: ChildProcess[] = [];

/** The command as a process of its own, and what it says. */
export class Run {
  out = "";
  err = "";
  readonly child;
  readonly status: Promise<number | NodeJS.Signals>;

  /** @param args As a list, or as a shell reads them. */
  constructor(
    args: readonly string[] | string,
    env: NodeJS.ProcessEnv = {},
    stdin: number | "pipe" = "pipe",
  ) {
    const { FORCE_COLOR, NO_COLOR, FALCO_OUTPUTS_ADDRESS, ...inherited } = process.env;
    const options = { env: { ...inherited, ...env }, stdio: [stdin, "pipe", "pipe"] as StdioOptions };
    this.child = (
      typeof args === "string"
        ? spawn("/bin/sh", ["-c", `exec "${process.execPath}" "${command}" ${args}`], options)
        : spawn(process.execPath, [command, ...args], options)
    ) as ChildProcessWithoutNullStreams;
    children.push(this.child);
    this.child.stdout.setEncoding("utf8").on("data", (text) => {
      this.out += text;
    });
    this.child.stderr.setEncoding("utf8").on("data", (text) => {
      this.err += text;
    });
    this.status = once(this.child, "close").then(([code, signal]) => code ?? signal);
  }

  get lines(): string[] {
    return this.out.split("\n").slice(0, -1);
  }

  /** The outputs of alerts that were printed with -o json. */
  get outputs(): string[] {
    return this.lines.map((line) => JSON.parse(line).output);
  }

  /** The fields of a line that was logged. */
  async logged(message: string): Promise<Record<string, unknown>> {
    const find = () => this.err.split("\n").find((line) => line.includes(`"msg":"${message}"`));
    await expect.poll(find).toBeDefined();
    return JSON.parse(find()!);
  }
}

export const falcoOutputs = (...args: string[]) => new Run(args);

/** The same with a file descriptor as standard input. */
export const falcoOutputsFrom = (stdin: number, ...args: string[]) => new Run(args, {}, stdin);

/** Runs the command to its end. */
export async function finished(...args: string[]) {
  const run = falcoOutputs(...args);
  return { status: await run.status, out: run.out, err: run.err };
}

/** For `afterEach`. */
export function endRuns(): void {
  for (const child of children.splice(0)) child.kill("SIGKILL");
}
