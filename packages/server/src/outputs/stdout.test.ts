import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { createClient } from "@falco-outputs/core";
import { fixtureLines } from "@falco-outputs/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import type { OutputStats, QueueOptions } from "../index.js";
import { countsOf, numbersIn, publishNumbered, serve, upTo } from "./testing/serve.js";

const json = { json: true };

/** Keeps what is written; while it holds, nothing is taken. */
class Held extends Writable {
  text = "";
  calls = 0;
  #waiting: (() => void)[] = [];
  isHolding = false;

  override _write(chunk: Buffer, _: unknown, done: () => void): void {
    this.calls++;
    this.text += chunk.toString();
    if (this.isHolding) this.#waiting.push(done);
    else done();
  }

  release(): void {
    this.isHolding = false;
    for (const done of this.#waiting.splice(0)) done();
  }
}

it("writes each alert as a line, and does not end the stream", async () => {
  const stream = new Held();
  const { server } = await serve({ stdout: { stream }, format: json });
  const lines = fixtureLines("alerts.jsonl");
  for (const line of lines) await server.publish(line);
  await server.stop();
  expect(stream.text).toBe(`${lines.join("\n")}\n`);
  expect(stream.writableEnded).toBe(false);
});

it("counts an alert when the stream has taken it, and writes none twice whose attempt was over", async () => {
  const stream = new Held();
  stream.isHolding = true;
  const { server, logged } = await serve({ stdout: { stream }, format: json, queue: { timeoutMs: 20 } });
  await publishNumbered(server, 3);
  await expect.poll(() => logged.join()).toContain("not written within 20 ms");
  expect(server.stats().outputs.stdout).toEqual({ written: 0, failed: 0, dropped: 0, waiting: 3 });
  stream.release();
  await countsOf(server, "stdout", { written: 3, failed: 0 });
  expect(numbersIn(stream.text)).toEqual(upTo(3));
  expect(stream.listenerCount("close")).toBe(0);
});

it("holds up nobody else when its stream takes nothing, and counts what it drops", async () => {
  const stream = new Held();
  stream.isHolding = true;
  const { server } = await serve({
    stdout: { stream },
    format: json,
    queue: { maxAlerts: 10, timeoutMs: 20, retryMs: 100 },
  });
  await publishNumbered(server, 100);
  const rules: string[] = [];
  for await (const alert of createClient({ transport: server.transport() }).get()) rules.push(alert.rule);
  expect(rules).toHaveLength(100);
  await countsOf(server, "stdout", { written: 0, failed: 10, dropped: 90, waiting: 0 });
  // What it could not take back comes whole, before what comes later.
  stream.release();
  await publishNumbered(server, 2, "", 100);
  await countsOf(server, "stdout", { written: 2 });
  expect(numbersIn(stream.text)).toEqual([...upTo(10), 100, 101]);
});

it("fails at once when nobody reads any more, and harms nobody else", async () => {
  const reader = spawn("head", ["-n", "1"], { stdio: ["pipe", "pipe", "inherit"] });
  const { server, logged } = await serve({ stdout: { stream: reader.stdin }, format: json });
  await publishNumbered(server, 1);
  await once(reader, "exit");
  await publishNumbered(server, 5, "", 1);
  await countsOf(server, "stdout", { written: 1, failed: 5 });
  await publishNumbered(server, 1, "", 6);
  await countsOf(server, "stdout", { written: 1, failed: 6 });
  expect(logged.join()).toMatch(/stdout: (nobody reads it any more|the stream was closed)/);
  expect(server.stats().appended).toBe(7);
});

it("fails on a stream that was ended, and continues", async () => {
  const stream = new Held();
  stream.end();
  const { server } = await serve({ stdout: { stream } });
  await publishNumbered(server, 1);
  await countsOf(server, "stdout", { failed: 1 });
});

describe("a process of its own", () => {
  /** A server that writes to its own standard output 1,000 alerts of 1 KB for each line that it reads, and tells its counts. */
  const script = (queue: QueueOptions) => `
    import { createInterface } from "node:readline";
    import { startServer } from ${JSON.stringify(new URL("../../dist/index.js", import.meta.url).href)};
    const outputs = { stdout: true, format: { json: true }, queue: ${JSON.stringify(queue)} };
    const server = await startServer({ listen: [], outputs });
    const tell = () => console.error(JSON.stringify({ appended: server.stats().appended, ...server.stats().outputs.stdout }));
    const timer = setInterval(tell, 5);
    let rule = 0;
    for await (const _ of createInterface({ input: process.stdin })) {
      for (let n = 0; n < 1000; n++) await server.publish({ rule: String(rule++), priority: "Notice", output: "x".repeat(1000) });
    }
    await server.stop();
    tell();
    clearInterval(timer);
  `;

  function start(queue: QueueOptions) {
    const child = spawn(process.execPath, ["--input-type=module", "-e", script(queue)]);
    onTestFinished(() => void child.kill("SIGKILL"));
    const counts = createInterface({ input: child.stderr })[Symbol.asyncIterator]();
    return {
      child,
      /** Waits until the process tells what `isSo`. */
      async until(isSo: (counts: OutputStats & { appended: number }) => boolean) {
        for (;;) {
          const { value, done } = await counts.next();
          if (done) throw new Error("the process ended");
          if (isSo(JSON.parse(value))) return;
        }
      },
    };
  }

  it("writes all before it ends", async () => {
    const { child, until } = start({});
    let text = "";
    child.stdout.on("data", (chunk) => {
      text += chunk;
    });
    child.stdin.end("\n");
    await until(({ written }) => written === 1000);
    const [status] = await once(child, "close");
    expect(status).toBe(0);
    expect(numbersIn(text)).toEqual(upTo(1000));
  });

  it("continues, its alerts counted as failed, when nobody reads for a while, and when the reader is gone", async () => {
    const { child, until } = start({ timeoutMs: 50, retryMs: 1e-9 });
    // Not read: the pipe holds less than that.
    child.stdin.write("\n");
    await until(({ appended, failed, waiting }) => appended === 1000 && failed > 0 && waiting === 0);
    child.stdout.destroy();
    child.stdin.write("\n");
    await until(
      ({ appended, written, failed, dropped }) => appended === 2000 && written + failed + dropped === 2000,
    );
    child.stdin.end();
    const [status] = await once(child, "exit");
    expect(status).toBe(0);
  });
});
