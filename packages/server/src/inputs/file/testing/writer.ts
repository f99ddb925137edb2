import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished } from "vitest";

const patience = { timeout: 20_000, interval: 2 };

/** A process that appends numbered alerts to a file, as Falco does, until the test ends. */
export class Writer {
  readonly #process: ChildProcessWithoutNullStreams;
  written = 0;
  /** How many alerts were written each time when it opened the file. */
  readonly opened: number[] = [];

  private constructor(path: string) {
    this.#process = spawn(process.execPath, [join(import.meta.dirname, "writer-process.mjs"), path]);
    createInterface(this.#process.stdout).on("line", (line) => {
      const [what, count] = line.split(" ");
      this.written = Number(count);
      if (what === "opened") this.opened.push(this.written);
    });
    onTestFinished(() => {
      this.#process.kill("SIGKILL");
    });
  }

  /** Resolves when the file is open. */
  static async start(path: string): Promise<Writer> {
    const writer = new Writer(path);
    await writer.hasOpened(1);
    return writer;
  }

  get pid(): number {
    return this.#process.pid!;
  }

  /** Begins to append so many alerts more. */
  append(count: number): void {
    this.#process.stdin.write(`${count}\n`);
  }

  /** Resolves when it has opened the file so many times. */
  async hasOpened(times: number): Promise<void> {
    await expect.poll(() => this.opened, patience).toHaveLength(times);
  }

  /** Resolves when so many alerts are written in all. */
  async reaches(count: number): Promise<void> {
    await expect.poll(() => this.written, patience).toBeGreaterThanOrEqual(count);
  }
}
