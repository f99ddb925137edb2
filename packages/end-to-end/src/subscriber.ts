import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";

export interface SubscriberOptions {
  /** What `createClient` takes. */
  client: { address: string; keepAliveMs?: number };
  /** What `sub` takes. */
  sub: Record<string, unknown>;
  /** The body of the loop does not come back from this one, counted from 1. */
  holdAt?: number;
}

export interface ToldLoss {
  readonly cause: string;
  readonly lost?: string;
  readonly firstSequence?: string;
  readonly lastSequence?: string;
}

/** What a subscriber printed: an alert, a loss, or what became of its connection. */
export type Printed =
  | { readonly sequence: bigint }
  | { readonly loss: ToldLoss }
  | { readonly status: string };

/** A subscriber in a process of its own, which ends with the test at the latest. */
export class Subscriber {
  readonly printed: Printed[] = [];
  /** The sequence numbers among it. */
  readonly sequences: bigint[] = [];
  readonly #process: ChildProcess;
  readonly #closed: Promise<unknown[]>;
  #errors = "";

  constructor(options: SubscriberOptions) {
    const program = join(import.meta.dirname, "subscriber-process.mjs");
    const child = spawn(process.execPath, [program, JSON.stringify(options)]);
    this.#process = child;
    this.#closed = once(child, "close");
    createInterface(child.stdout).on("line", (line) => this.#read(line));
    child.stderr.setEncoding("utf8").on("data", (text) => {
      this.#errors += text;
    });
    onTestFinished(() => {
      child.kill("SIGKILL");
    });
  }

  /** What became of its connection. */
  get statuses(): string[] {
    return this.printed.flatMap((one) => ("status" in one ? [one.status] : []));
  }

  /** Ends it at once; resolves when it is gone and what it printed is read. */
  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#closed;
  }

  /** Ends its stream; resolves when the process has ended by itself. @throws if it did not end well. */
  async end(): Promise<void> {
    this.#process.kill("SIGTERM");
    const [code, signal] = await this.#closed;
    if (code !== 0 || this.#errors !== "") {
      throw new Error(`the subscriber ended with ${code ?? signal} and said: ${this.#errors}`);
    }
  }

  #read(line: string): void {
    const [kind, rest = ""] = line.split(/ (.*)/);
    if (kind === "alert") {
      this.sequences.push(BigInt(rest));
      this.printed.push({ sequence: BigInt(rest) });
    } else if (kind === "lost") {
      this.printed.push({ loss: JSON.parse(rest) });
    } else {
      this.printed.push({ status: rest });
    }
  }
}
