import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
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

  /**
   * @param args As a list, or as a shell reads them.
   * @param isOnTerminal Whether the three streams are a terminal: then `out` has all that it shows.
   * @param stdin A file descriptor in place of a pipe.
   */
  constructor(
    args: readonly string[] | string,
    env: NodeJS.ProcessEnv = {},
    isOnTerminal = false,
    stdin: number | "pipe" = "pipe",
  ) {
    const { FORCE_COLOR, NO_COLOR, ...others } = process.env;
    const inherited = Object.fromEntries(
      Object.entries(others).filter(([name]) => !name.startsWith("FALCO_OUTPUTS_")),
    );
    const words = typeof args === "string" ? args : args.map((arg) => `'${arg}'`).join(" ");
    const line = `exec '${process.execPath}' '${command}' ${words}`;
    const [program, ...given] = isOnTerminal
      ? ["script", "--quiet", "--return", "--command", line, "/dev/null"]
      : typeof args === "string"
        ? ["/bin/sh", "-c", line]
        : [process.execPath, command, ...args];
    this.child = spawn(program!, given, {
      env: { ...inherited, ...env },
      stdio: [stdin, "pipe", "pipe"],
    }) as ChildProcessWithoutNullStreams;
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
export const falcoOutputsFrom = (stdin: number, ...args: string[]) => new Run(args, {}, false, stdin);

/** For `afterEach`. */
export function endRuns(): void {
  for (const child of children.splice(0)) child.kill("SIGKILL");
}
