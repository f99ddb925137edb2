import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@falco-outputs/core";
import { expect, onTestFinished } from "vitest";
import { type FalcoOutputsServer, type FileInputOptions, startServer } from "../../../index.js";

const patience = { timeout: 20_000, interval: 5 };

/** A folder that goes when the test does. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "falco-outputs-file-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Alerts of which each has its number as its rule, one a line. */
export function numbered(from: number, to: number): string {
  let text = "";
  for (let number = from; number < to; number++) text += `{"rule":"${number}","priority":"Notice"}\n`;
  return text;
}

export interface Logged {
  readonly level: "info" | "warn" | "error";
  readonly fields: Record<string, unknown>;
  readonly message: string;
}

/** A server that follows one file, until the test ends. */
export class Following {
  readonly #server: FalcoOutputsServer;
  readonly #input: string;
  readonly #numbers: number[] = [];
  readonly log: readonly Logged[];

  private constructor(server: FalcoOutputsServer, path: string, log: readonly Logged[]) {
    this.#server = server;
    this.#input = `file:${path}`;
    this.log = log;
  }

  static async start(options: FileInputOptions): Promise<Following> {
    const log: Logged[] = [];
    const tell = (level: Logged["level"]) => (fields: object, message: string) => {
      log.push({ level, fields: fields as Record<string, unknown>, message });
    };
    const server = await startServer({
      listen: [],
      inputs: { files: [options] },
      logger: { info: tell("info"), warn: tell("warn"), error: tell("error") },
    });
    onTestFinished(() => server.stop());
    return new Following(server, options.path, log);
  }

  get rejected(): number {
    return this.#server.stats().inputs[this.#input]!.rejected;
  }

  get accepted(): number {
    return this.#server.stats().inputs[this.#input]!.accepted;
  }

  get warnings(): string[] {
    return this.log.filter(({ level }) => level !== "info").map(({ message }) => message);
  }

  /** Resolves when so many alerts were taken. */
  async reaches(count: number): Promise<void> {
    await expect.poll(() => this.accepted, patience).toBeGreaterThanOrEqual(count);
  }

  /** The numbers of the alerts that were taken so far, once there are so many. */
  async numbers(count: number): Promise<number[]> {
    await this.reaches(count);
    for await (const { rule } of createClient({ transport: this.#server.transport() }).get()) {
      this.#numbers.push(Number(rule));
    }
    return this.#numbers;
  }

  /** Each number from `from` up to `to` was taken once, in order, and nothing else was; so much was rejected. */
  async expectNumbers(from: number, to: number, rejected = 0): Promise<void> {
    const expected = Array.from({ length: to - from }, (_, index) => from + index);
    expect(await this.numbers(expected.length)).toEqual(expected);
    expect(this.rejected).toBe(rejected);
  }

  async told(message: string): Promise<Logged> {
    const find = () => this.log.find((one) => one.message.includes(message));
    await expect.poll(find, patience).toBeDefined();
    return find()!;
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }
}
