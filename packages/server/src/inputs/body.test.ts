import { Writable } from "node:stream";
import { gzipSync } from "node:zlib";
import { createClient } from "@falco-outputs/core";
import { fixtureBodies, fixtureBody, fixtureLines } from "@falco-outputs/testing";
import { expect, it, onTestFinished } from "vitest";
import { type FalcoOutputsServer, type FormatOptions, startServer } from "../index.js";

const lines = fixtureLines("alerts.jsonl");
const texts = fixtureLines("alerts.txt").slice(0, 4);
const bodies = Object.entries(fixtureBodies) as [keyof typeof fixtureBodies, readonly string[]][];

interface Posting {
  server: FalcoOutputsServer;
  post(
    body: string | Uint8Array,
    type?: string,
  ): Promise<{ status: number; text: string; rejected: string | null }>;
  /** The alerts that were queued. */
  queued(): Promise<{ rule: string; output: string }[]>;
  /** What an output wrote of them; ends the server. */
  written(): Promise<string[]>;
}

async function start(format: FormatOptions = {}): Promise<Posting> {
  let text = "";
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      text += chunk;
      done();
    },
  });
  const outputs = { stdout: { stream }, format };
  const server = await startServer({ listen: [], inputs: { http: ["127.0.0.1:0"] }, outputs });
  onTestFinished(() => server.stop());
  return {
    server,
    async post(body, type = "application/json") {
      const headers = { "content-type": type };
      const response = await fetch(server.httpUrl!, { method: "POST", body: body as string, headers });
      const rejected = response.headers.get("falco-outputs-rejected");
      return { status: response.status, text: await response.text(), rejected };
    },
    async queued() {
      const alerts: { rule: string; output: string }[] = [];
      for await (const alert of createClient({ transport: server.transport() }).get()) alerts.push(alert);
      return alerts;
    },
    async written() {
      await server.stop();
      return text.split("\n").slice(0, -1);
    },
  };
}

const taken = { status: 200, text: "", rejected: null };
const typeOf = (name: string) => (name.startsWith("text") ? "text/plain; charset=utf-8" : "application/json");

it.each(bodies)("takes what senders post, whole: %s", async (name, rules) => {
  const { server, post, queued } = await start();
  expect(await post(fixtureBody(name), typeOf(name))).toEqual(taken);
  expect(server.stats().inputs.http).toEqual({ accepted: rules.length, rejected: 0 });
  expect((await queued()).map(({ rule }) => rule)).toEqual(rules);
});

it.each(bodies)("writes each of its alerts on one line: %s", async (name, rules) => {
  const { post, written } = await start({ json: true });
  await post(fixtureBody(name), typeOf(name));
  const alerts = (await written()).map((line) => JSON.parse(line));
  expect(alerts.map(({ rule }) => rule)).toEqual(rules);
  if (rules.length > 1 || rules[0] === "") return;
  const text = fixtureBody(name);
  const posted = JSON.parse(name === "utf16le" ? text.toString("utf16le").slice(1) : text.toString());
  expect(alerts).toEqual([posted]);
});

it("writes an alert that came over several lines with all that it had, and others byte for byte", async () => {
  const { post, written } = await start({ json: true });
  const over =
    '{\r\n\t"rule" : "a\\nb  c",\n\n  "priority":"Error", "output_fields": {"n": 18446744073709551615 }\n}';
  await post(`[\n${lines[0]},\n${over},${lines[1]}\n]`);
  expect(await written()).toEqual([
    lines[0],
    '{ "rule" : "a\\nb  c", "priority":"Error", "output_fields": {"n": 18446744073709551615 } }',
    lines[1],
  ]);
});

it("takes a text over several lines as one alert, and writes it on one line", async () => {
  const body = fixtureBody("text-alert-over-lines").toString();
  const { post, queued, written } = await start();
  expect(await post(body, "text/plain")).toEqual(taken);
  expect(await post(`${body}${texts.join("\n")}`, "text/plain")).toEqual(taken);
  const expected = [body, body, ...texts].map((text) => text.trimEnd());
  expect((await queued()).map(({ output }) => output)).toEqual(expected);
  expect(await written()).toEqual(expected.map((text) => text.replaceAll("\n", "\\n")));
});

it("answers 200 to a body of which something is not an alert, and says how much", async () => {
  const { server, post } = await start();
  const body = [lines[0], "Events detected: 12", '{"priority":"Notice"}', lines[1], '{"rule":"r', lines[2]];
  expect(await post(body.join("\n"))).toEqual({ ...taken, rejected: "3" });
  expect(await post(lines[3]!)).toEqual(taken);
  expect(await post(`[${lines[0]},{"rule":"r"}]`)).toEqual({ ...taken, rejected: "1" });
  expect(server.stats().inputs.http).toEqual({ accepted: 5, rejected: 4 });
});

it("answers 400 to a body without an alert, however much is in it, with the last reason", async () => {
  const { server, post } = await start();
  const reason = 'not an alert: "rule" is missing\n';
  expect(await post('[{"priority":"Notice"}]')).toEqual({ status: 400, text: reason, rejected: null });
  expect(await post("[]")).toEqual({
    status: 400,
    text: "not an alert: the body holds none\n",
    rejected: null,
  });
  expect((await post('{"a":1},'.repeat(100_000))).status).toBe(400);
  expect(server.stats().inputs.http).toEqual({ accepted: 0, rejected: 100_001 });
});

it.each([
  ["UTF-8", Buffer.from(`\ufeff${lines.join("\n")}`)],
  ["little-endian UTF-16", Buffer.from(`\ufeff${lines.join("\r\n")}\r\n`, "utf16le")],
  ["big-endian UTF-16", Buffer.from(`\ufeff${lines.join("\n")}`, "utf16le").swap16()],
])("takes %s with a byte order mark", async (_, body) => {
  const { post, queued, written } = await start({ json: true });
  expect(await post(body)).toEqual(taken);
  expect((await queued()).map(({ rule }) => rule)).toEqual(lines.map((line) => JSON.parse(line).rule));
  expect(await written()).toEqual(lines);
});

it("takes all of it compressed as well", async () => {
  const { server, post } = await start();
  const body = gzipSync(`[\n${lines.join(",\n")}\n]`);
  const headers = { "content-encoding": "gzip" };
  const { status } = await fetch(server.httpUrl!, { method: "POST", body, headers });
  expect([status, server.stats().inputs.http]).toEqual([200, { accepted: lines.length, rejected: 0 }]);
  expect((await post(lines[0]!)).status).toBe(200);
});
