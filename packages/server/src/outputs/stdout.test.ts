import { spawn } from "node:child_process";
import { once } from "node:events";
import { Writable } from "node:stream";
import { createClient } from "@falco-outputs/core";
import { fixtureLines } from "@falco-outputs/testing";
import { expect, it } from "vitest";
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
  expect(numbersIn(stream.text)).toEqual([0, 100, 101]);
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

it("fails on a stream that was ended, and goes on", async () => {
  const stream = new Held();
  stream.end();
  const { server } = await serve({ stdout: { stream } });
  await publishNumbered(server, 1);
  await countsOf(server, "stdout", { failed: 1 });
});
