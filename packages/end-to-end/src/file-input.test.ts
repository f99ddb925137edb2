import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import type { ServerOptions } from "@falco-outputs/server";
import { expect, it, onTestFinished } from "vitest";
import { clientOf, scratchFolder } from "./test-server.js";

const patience = { timeout: 20_000, interval: 2 };
const kills = 4;

/** A server in a process of its own, which ends with the test at the latest. */
class ServerProcess {
  readonly printed: string[] = [];
  readonly #process: ChildProcess;
  readonly #closed: Promise<unknown>;

  constructor(options: ServerOptions) {
    const program = join(import.meta.dirname, "server-process.mjs");
    const child = spawn(process.execPath, [program, JSON.stringify(options)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#process = child;
    this.#closed = once(child, "close");
    createInterface(child.stdout).on("line", (line) => this.printed.push(line));
    onTestFinished(() => {
      child.kill("SIGKILL");
    });
  }

  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#closed;
  }
}

/** Appends numbered alerts to a file, without a break but where it is told to. */
class Writer {
  written = 0;
  readonly #path: string;
  #isPaused = false;
  #isEnding = false;
  readonly #writing: Promise<void>;

  constructor(path: string) {
    this.#path = path;
    this.#writing = this.#write();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
  }

  /** Resolves with how many alerts are written in all. */
  async end(): Promise<number> {
    this.#isEnding = true;
    await this.#writing;
    return this.written;
  }

  async #write(): Promise<void> {
    while (!this.#isEnding) {
      for (let line = 0; line < 10 && !this.#isPaused; line++) {
        appendFileSync(this.#path, `{"rule":"${this.written++}","priority":"Notice"}\n`);
      }
      // Between them others may run.
      await delay(1);
    }
  }
}

/** A file that is written to, servers that follow it one after the other, and a subscriber that outlives them. */
async function follow() {
  const folder = scratchFolder();
  const path = join(folder, "alerts.json");
  const address = join(folder, "falco.sock");
  writeFileSync(path, "");
  const start = async () => {
    const server = new ServerProcess({
      listen: [address],
      inputs: { files: [{ path, state: join(folder, "alerts.state"), from: "beginning" }] },
    });
    await expect.poll(() => server.printed, patience).toEqual(["ready"]);
    return server;
  };
  const server = await start();
  const received: number[] = [];
  const leaving = new AbortController();
  // The shared queue begins with the oldest alert: what a new server took before the subscriber is back is in it.
  const options = { reconnect: { initialDelayMs: 5, maxDelayMs: 20 }, signal: leaving.signal };
  const subscriber = (async () => {
    for await (const { rule } of clientOf(address).sub(options)) received.push(Number(rule));
  })();
  const writer = new Writer(path);
  onTestFinished(() => void writer.end());
  /** Resolves with how many alerts were written, once the last of them is received. */
  const end = async () => {
    const total = await writer.end();
    await expect.poll(() => received.at(-1), patience).toBe(total - 1);
    leaving.abort();
    await subscriber;
    return total;
  };
  return { path, start, server, received, writer, end };
}

it("takes each line of a file once, in order, though the server is killed again and again", async () => {
  const { path, start, received, writer, end, ...first } = await follow();
  let { server } = first;
  for (let kill = 1; kill <= kills; kill++) {
    const before = writer.written;
    await expect.poll(() => received.length, patience).toBeGreaterThan(before + 500);
    // A kill loses what is in the server's memory. So the subscriber gets all of it before, and new lines come after.
    writer.pause();
    await expect.poll(() => received.length, patience).toBe(writer.written);
    await server.kill();
    writer.resume();
    await expect.poll(() => writer.written, patience).toBeGreaterThan(received.length + 100);
    if (kill % 2 === 0) {
      renameSync(path, `${path}.${kills - kill + 1}`);
      await expect.poll(() => writer.written, patience).toBeGreaterThan(received.length + 200);
    }
    server = await start();
  }
  const total = await end();
  expect(received).toEqual(Array.from({ length: total }, (_, index) => index));
  expect(server.printed).toEqual(["ready"]);
}, 60_000);

it("takes no line twice, wherever the server is when it is killed", async () => {
  const { start, received, writer, end, ...first } = await follow();
  let { server } = first;
  for (let kill = 1; kill <= kills; kill++) {
    const before = writer.written;
    await expect.poll(() => received.at(-1), patience).toBeGreaterThan(before + 200);
    await server.kill();
    server = await start();
  }
  const total = await end();
  expect(received).toEqual([...new Set(received)].sort((one, other) => one - other));
  // What the server had in its memory is all that may be missing.
  expect(received.length).toBeGreaterThan(total / 2);
}, 60_000);
