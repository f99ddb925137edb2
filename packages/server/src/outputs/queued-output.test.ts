import { Priority } from "@falco-outputs/core";
import { contentOf, encodeContent } from "@falco-outputs/core/codec";
import { expect, it, onTestFinished } from "vitest";
import { joinPieces } from "../alert-batch.js";
import { startServer } from "../index.js";
import { Formatter } from "./format/formatter.js";
import type { OutputStats } from "./output.js";
import { checkedQueue, type QueueOptions } from "./queue-options.js";
import { QueuedOutput } from "./queued-output.js";
import { Refused } from "./sink.js";
import { ControlledSink, hang } from "./testing/controlled-sink.js";
import { Recorder } from "./testing/serve.js";

const time = "2026-06-02T09:14:09Z";

/** An output with a sink that does what the test says. */
function start(options: QueueOptions = {}) {
  const sink = new ControlledSink();
  const logger = new Recorder();
  const output = new QueuedOutput("test", sink, new Formatter({}), checkedQueue(options), logger);
  onTestFinished(() => output.close());
  /** One batch of alerts whose lines are these texts. */
  const write = (...texts: string[]) => {
    const alert = encodeContent(contentOf({ rule: "r", priority: Priority.Error, time }));
    const lines = joinPieces(texts.map((text) => Buffer.from(text)));
    output.write({ ...joinPieces(texts.map(() => alert)), lines });
  };
  const counts = (expected: Partial<OutputStats>) =>
    expect.poll(() => output.stats(), { interval: 1 }).toMatchObject(expected);
  return { sink, output, write, counts, logged: logger.entries };
}

it("writes what comes in one turn of the event loop together, in order, to a sink that is called once at a time", async () => {
  const { sink, write, counts } = start();
  write("1", "2");
  write("3");
  await counts({ written: 3, waiting: 0 });
  write("4");
  await counts({ written: 4 });
  expect(sink.calls).toEqual(["1,2,3", "4"]);
});

it("passes a sink no more at once than it takes, and at most 64 KiB but of a single alert", async () => {
  const { sink, write, counts } = start();
  sink.maxAlerts = 2;
  write("1", "2", "3");
  await counts({ written: 3 });
  expect(sink.calls.splice(0)).toEqual(["1,2", "3"]);
  sink.maxAlerts = 100;
  const [large, small] = [`4${"x".repeat(70_000)}`, `5${"x".repeat(30_000)}`];
  write(large, small, small, small);
  await counts({ written: 7 });
  expect(sink.calls).toEqual([large, `${small},${small}`, small]);
});

it("drops what is beyond the bounds of count and bytes, counts it, and logs it at once", async () => {
  const { sink, write, counts, logged } = start({ maxAlerts: 3, maxBytes: 20 });
  let release = () => undefined as unknown;
  sink.behave(() => new Promise<void>((resolve) => (release = () => resolve())));
  write("1");
  await counts({ waiting: 1 });
  await expect.poll(() => sink.calls).toEqual(["1"]);
  write("2", "3");
  write("4", "5");
  await counts({ waiting: 4, dropped: 1 });
  sink.behave(() => undefined);
  release();
  await counts({ written: 4, waiting: 0 });
  write("6".repeat(25));
  await counts({ dropped: 2 });
  write("7".repeat(12), "8".repeat(12));
  await counts({ written: 5, dropped: 3, waiting: 0 });
  expect(logged[0]).toBe(
    'warn: an output\'s queue is full: new alerts were dropped {"output":"test","dropped":1}',
  );
});

it("tries again after an error, what was not written yet", async () => {
  const { sink, write, counts, logged } = start();
  let failures = 3;
  sink.behave((lines, { written }) => {
    if (failures-- === 0) return;
    written(lines.length - failures - 1);
    throw new Error("no room");
  });
  write("1", "2", "3", "4");
  await counts({ written: 4, failed: 0, waiting: 0 });
  expect(sink.calls).toEqual(["1,2,3,4", "2,3,4", "3,4", "4"]);
  expect(logged).toEqual([
    'warn: an output cannot write, and tries again {"output":"test","attempts":1,"reason":"no room"}',
  ]);
});

it("gives up when the time is over, counts it, and continues", async () => {
  const { sink, write, counts, logged } = start({ retryMs: 1e-9 });
  sink.behave((_, { written }) => {
    written(1);
    throw new Error("no room");
  });
  write("1", "2", "3");
  await counts({ written: 1, failed: 2, waiting: 0 });
  expect(logged).toEqual([
    'error: an output failed to write alerts {"output":"test","failed":2,"reason":"no room"}',
  ]);
  sink.behave(() => undefined);
  write("4");
  await counts({ written: 2, failed: 2 });
});

it("ends an attempt that takes too long, and tries again", async () => {
  const { sink, write, counts, logged } = start({ timeoutMs: 10 });
  sink.behave(hang);
  write("1");
  await expect.poll(() => sink.calls.length).toBeGreaterThan(1);
  expect(logged[0]).toContain("not written within 10 ms");
  sink.behave(() => undefined);
  await counts({ written: 1, failed: 0 });
});

it("does not try again what is refused, all of it or some", async () => {
  const { sink, write, counts } = start();
  sink.behave((lines, { written }) => {
    if (lines.includes("2")) {
      written(1);
      throw new Refused("never", 1);
    }
    if (lines.includes("5")) throw new Refused("never");
  });
  write("1", "2", "3");
  await counts({ written: 2, failed: 1, waiting: 0 });
  write("4", "5");
  await counts({ written: 2, failed: 3, waiting: 0 });
  expect(sink.calls).toEqual(["1,2,3", "3", "4,5"]);
});

it("counts nothing that a sink says of an attempt that is over", async () => {
  const { sink, write, counts, output } = start({ retryMs: 1e-9 });
  let late = (_: number) => undefined as unknown;
  sink.behave((_, { written }) => {
    late = written;
    throw new Error("no room");
  });
  write("1");
  await counts({ failed: 1 });
  late(1);
  expect(output.stats()).toEqual({ written: 0, failed: 1, dropped: 0, waiting: 0 });
});

it("reopens between writes: at once while idle, between attempts while it fails, after the write while busy", async () => {
  const { sink, output, write, counts } = start();
  output.reopen();
  await expect.poll(() => sink.calls).toEqual(["reopen"]);
  let release = () => undefined as unknown;
  sink.behave(() => new Promise<void>((resolve) => (release = () => resolve())));
  write("1");
  await expect.poll(() => sink.calls).toEqual(["reopen", "1"]);
  output.reopen();
  output.reopen();
  sink.behave(() => undefined);
  write("2");
  release();
  await counts({ written: 2 });
  expect(sink.calls).toEqual(["reopen", "1", "reopen", "2"]);
  sink.behave(() => {
    throw new Error("no room");
  });
  write("3");
  await expect.poll(() => sink.calls.length).toBeGreaterThan(5);
  output.reopen();
  await expect.poll(() => sink.calls.slice(5)).toContain("reopen");
  sink.behave(() => undefined);
  await counts({ written: 3, failed: 0 });
});

it("continues when the sink cannot be reopened, and logs it", async () => {
  const { sink, output, write, counts, logged } = start();
  sink.reopen = () => Promise.reject(new Error("gone"));
  output.reopen();
  write("1");
  await counts({ written: 1 });
  expect(logged).toEqual(['error: an output cannot be reopened {"output":"test","reason":"gone"}']);
});

it("lets go of a sink that hangs while it is reopened, and continues", async () => {
  const { sink, output, write, counts, logged } = start({ timeoutMs: 20 });
  sink.reopen = (signal) => hang([], { signal });
  output.reopen();
  write("1");
  await counts({ written: 1 });
  expect(logged).toEqual([
    'error: an output cannot be reopened {"output":"test","reason":"not reopened within 20 ms"}',
  ]);
});

it("closes within its time when the sink hangs while it is reopened, or closed", async () => {
  const { sink, output, logged } = start({ timeoutMs: 20 });
  const reopening = new Promise<void>((resolve) => {
    sink.reopen = (signal) => {
      resolve();
      return hang([], { signal });
    };
  });
  sink.close = (signal) => hang([], { signal });
  output.reopen();
  await reopening;
  await output.close();
  expect(logged.join()).toContain("not closed within 20 ms");
});

it("writes what is queued when it closes, and takes no more", async () => {
  const { sink, output, write } = start();
  sink.maxAlerts = 1;
  write("1", "2", "3");
  await output.close();
  write("4");
  expect(sink.calls).toEqual(["1", "2", "3", "close"]);
  expect(output.stats()).toEqual({ written: 3, failed: 0, dropped: 1, waiting: 0 });
});

it("gives up within its time when it closes: what it writes has failed, what is queued is dropped", async () => {
  const { sink, output, write, logged } = start({ timeoutMs: 20 });
  sink.maxAlerts = 1;
  sink.behave(hang);
  write("1", "2", "3");
  await output.close();
  expect(output.stats()).toEqual({ written: 0, failed: 1, dropped: 2, waiting: 0 });
  expect(sink.calls.at(-1)).toBe("close");
  expect(logged.join()).toContain("an output was closed before it wrote all alerts");
});

it("closes while it waits for the next attempt, and when the sink does not close well", async () => {
  const { sink, output, write, logged } = start({ timeoutMs: 20 });
  sink.behave(() => {
    throw new Error("no room");
  });
  sink.close = () => Promise.reject(new Error("cannot"));
  write("1");
  await expect.poll(() => sink.calls.length).toBeGreaterThan(0);
  await output.close();
  expect(output.stats()).toEqual({ written: 0, failed: 1, dropped: 0, waiting: 0 });
  expect(logged.join()).toContain("an output did not close cleanly");
});

it.each([
  [{ maxAlerts: 0 }, "outputs.queue.maxAlerts: 0, expected a whole number of at least 1"],
  [{ maxBytes: Number.NaN }, "outputs.queue.maxBytes: NaN, expected a whole number of at least 1"],
  [
    { timeoutMs: 2 ** 31 },
    "outputs.queue.timeoutMs: 2147483648, expected a time in milliseconds, more than 0",
  ],
  [{ timeoutMs: 0 }, "outputs.queue.timeoutMs: 0, expected a time in milliseconds"],
  [{ retryMs: Number.POSITIVE_INFINITY }, "outputs.queue.retryMs: Infinity, expected a time in milliseconds"],
  [{ retryMs: 0 }, "outputs.queue.retryMs: 0, expected a time in milliseconds"],
])("refuses %j, also while no output is on", async (queue, message) => {
  await expect(startServer({ listen: [], outputs: { queue } })).rejects.toThrow(message);
});
