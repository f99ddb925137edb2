import { once } from "node:events";
import { PassThrough, Readable } from "node:stream";
import { createClient } from "@falco-outputs/core";
import { fixtureLines } from "@falco-outputs/testing";
import { expect, it } from "vitest";
import { startServer } from "../index.js";
import { silent } from "../logger.js";

const lines = fixtureLines("alerts.jsonl");

/** The rules that a subscriber gets of what a stream of chunks brought. */
async function readThrough(chunks: Iterable<string | Uint8Array>) {
  await using server = await startServer({ listen: [] });
  await server.readLines(Readable.from(chunks));
  const rules: string[] = [];
  for await (const alert of createClient({ transport: server.transport() }).get()) rules.push(alert.rule);
  return { rules, stats: server.stats().inputs.lines };
}

const rules = lines.map((line) => JSON.parse(line).rule);

it.each([1, 2, 3, 7, 64, 1000, 65_536])("finds the lines in chunks of %i bytes", async (size) => {
  const bytes = Buffer.from(`${lines.join("\n")}\n`);
  const chunks = function* () {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  };
  expect(await readThrough(chunks())).toEqual({ rules, stats: { accepted: lines.length, rejected: 0 } });
});

it.each([
  ["carriage returns", `${lines.join("\r\n")}\r\n`],
  ["no newline at the end", lines.join("\n")],
  ["blank lines", `\n\n${lines.join("\n \n\n")}\n\n`],
])("takes %s", async (_, text) => {
  expect(await readThrough([text])).toEqual({ rules, stats: { accepted: lines.length, rejected: 0 } });
});

it("counts what is not an alert, and loses nothing beside it", async () => {
  const bad = [
    "Events detected: 4",
    '{"rule":',
    "{}",
    '{"rule":"r","priority":"loud"}',
    "[]",
    "null",
    "\u0000",
  ];
  const mixed = lines.flatMap((line, index) => [bad[index % bad.length]!, line]);
  expect(await readThrough([mixed.join("\n")])).toEqual({
    rules,
    stats: { accepted: lines.length, rejected: lines.length },
  });
});

it("skips a line that is too long, however it is cut, and continues after it", async () => {
  const megabyte = "x".repeat(1024 * 1024);
  const long = [megabyte, megabyte, megabyte, megabyte, "x\n"];
  const chunks = [`${lines[0]}\n`, ...long, `${lines[1]}\n${"y".repeat(5_000_000)}\n${lines[2]}`];
  expect(await readThrough(chunks)).toEqual({
    rules: rules.slice(0, 3),
    stats: { accepted: 3, rejected: 2 },
  });
});

it("rejects an alert above 1 MiB", async () => {
  const large = JSON.stringify({ rule: "r", priority: "Notice", output: "x".repeat(1024 * 1024) });
  expect(await readThrough([`${large}\n${lines[0]}\n`])).toEqual({
    rules: rules.slice(0, 1),
    stats: { accepted: 1, rejected: 1 },
  });
});

it("replaces invalid UTF-8 and keeps the alert", async () => {
  const line = Buffer.concat([
    Buffer.from('{"rule":"a'),
    Buffer.from([0xff, 0xc3]),
    Buffer.from('b","priority":"Notice"}\n'),
  ]);
  expect((await readThrough([line])).rules).toEqual(["a\ufffd\ufffdb"]);
});

it.each([
  ["UTF-8", Buffer.from(`\ufeff${lines.join("\n")}`)],
  ["little-endian UTF-16", Buffer.from(`\ufeff${lines.join("\r\n")}\r\n`, "utf16le")],
  ["big-endian UTF-16", Buffer.from(`\ufeff${lines.join("\n")}`, "utf16le").swap16()],
])("takes %s with a byte order mark, however it is cut", async (_, bytes) => {
  for (const size of [1, 2, 3, 7, 1000, bytes.length]) {
    const chunks = function* () {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    };
    expect(await readThrough(chunks())).toEqual({ rules, stats: { accepted: lines.length, rejected: 0 } });
  }
});

it("says of UTF-16 without a byte order mark that it looks like that", async () => {
  const warned: object[] = [];
  const logger = { ...silent, warn: (fields: object) => void warned.push(fields) };
  await using server = await startServer({ listen: [], logger });
  await server.readLines(Readable.from([Buffer.from(`${lines[0]}\n`, "utf16le")]));
  expect(warned).toEqual([
    { input: "lines", rejected: 1, reason: expect.stringContaining("it looks like UTF-16 without") },
  ]);
});

it.each([
  ["ef", 1],
  ["efbb", 1],
  ["efbbbf", 0],
  ["fffe", 0],
  ["ff", 1],
])("takes a stream that ends after the bytes %s", async (hex, rejected) => {
  expect((await readThrough([Buffer.from(hex, "hex")])).stats).toEqual({ accepted: 0, rejected });
});

it("takes no more lines once its signal is aborted, and leaves the rest to who reads next", async () => {
  await using server = await startServer({ listen: [] });
  const stream = new PassThrough();
  const stop = new AbortController();
  const reading = server.readLines(stream, { signal: stop.signal });
  stream.write(`${lines[0]}\n`);
  await expect.poll(() => server.stats().inputs.lines!.accepted).toBe(1);
  stop.abort();
  await reading;
  stream.end(`${lines[1]}\n${lines[2]}`);
  expect(stream.listenerCount("readable")).toBe(0);
  expect(server.stats().inputs.lines!.accepted).toBe(1);
  await server.readLines(stream);
  expect(server.stats().inputs.lines).toEqual({ accepted: 3, rejected: 0 });
});

it("takes nothing with a signal that was aborted before", async () => {
  await using server = await startServer({ listen: [] });
  const stream = Readable.from([`${lines[0]}\n`]);
  await server.readLines(stream, { signal: AbortSignal.abort() });
  expect(server.stats().appended).toBe(0);
  expect(stream.destroyed).toBe(false);
});

it("does not take the beginning of a line for one when it is stopped", async () => {
  await using server = await startServer({ listen: [] });
  const stream = new PassThrough();
  const stop = new AbortController();
  const reading = server.readLines(stream, { signal: stop.signal });
  stream.write(`${lines[0]}\n2026-06-02T09:14:09Z: Error the beginning`);
  await expect.poll(() => server.stats().inputs.lines!.accepted).toBe(1);
  stop.abort();
  await reading;
  expect(server.stats().inputs.lines).toEqual({ accepted: 1, rejected: 0 });
});

it("rejects with the error of a stream that fails, and of one that was destroyed", async () => {
  await using server = await startServer({ listen: [] });
  const failing = new PassThrough();
  const reading = server.readLines(failing);
  failing.destroy(new Error("the pipe is broken"));
  await expect(reading).rejects.toThrow("the pipe is broken");
  const destroyed = new PassThrough();
  destroyed.destroy();
  await once(destroyed, "close");
  await expect(server.readLines(destroyed)).rejects.toMatchObject({ code: "ERR_STREAM_PREMATURE_CLOSE" });
});

it("resolves at once for a stream that has ended", async () => {
  await using server = await startServer({ listen: [] });
  const stream = Readable.from([]);
  stream.resume();
  await once(stream, "close");
  await server.readLines(stream);
});
