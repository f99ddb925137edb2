import { Agent, type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { createClient } from "@falco-outputs/core";
import { fixtureLines } from "@falco-outputs/testing";
import { beforeEach, expect, it, onTestFinished } from "vitest";
import { type FalcoOutputsServer, startServer } from "../index.js";

const lines = fixtureLines("alerts.jsonl");
const texts = fixtureLines("alerts.txt");

let server: FalcoOutputsServer;
beforeEach(async () => {
  server = await startServer({ listen: [], inputs: { http: ["127.0.0.1:0"] } });
  onTestFinished(() => server.stop());
});

interface Answer {
  status: number;
  body: string;
}

function post(
  body: string | Buffer,
  { agent, ...headers }: { agent?: Agent; [header: string]: unknown } = {},
  method = "POST",
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { method, headers: headers as Record<string, string>, ...(agent && { agent }) };
    const sent = request(server.httpUrl!, options, (response: IncomingMessage) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode!, body: text }));
    });
    sent.on("error", reject).end(body);
  });
}

async function queuedRules(): Promise<string[]> {
  const rules: string[] = [];
  for await (const alert of createClient({ transport: server.transport() }).get()) rules.push(alert.rule);
  return rules;
}

it("queues an alert and answers 200 with an empty body", async () => {
  expect(await post(lines[0]!, { "content-type": "application/json" })).toEqual({ status: 200, body: "" });
  expect(await queuedRules()).toEqual(["Terminal shell in container"]);
});

it("takes Falco's text form", async () => {
  expect(await post(texts[1]!, { "content-type": "text/plain" })).toEqual({ status: 200, body: "" });
  expect(server.stats().appended).toBe(1);
});

it("takes many lines in one request, and what is not an alert costs nothing beside it", async () => {
  const body = `${lines.join("\n")}\nnonsense\n${texts.join("\n")}\n`;
  expect((await post(body)).status).toBe(200);
  expect(server.stats().inputs.http).toEqual({ accepted: 17, rejected: 6 });
  expect(await queuedRules()).toEqual([...lines.map((line) => JSON.parse(line).rule), "", "", "", ""]);
});

it("takes thousands of posts over one connection, in order", async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let index = 0; index < 2000; index++) {
    const body = JSON.stringify({ rule: `rule ${index}`, priority: "Notice" });
    expect((await post(body, { agent })).status).toBe(200);
  }
  agent.destroy();
  expect(await queuedRules()).toEqual(Array.from({ length: 2000 }, (_, index) => `rule ${index}`));
});

it.each([
  ["nothing", "", "not an alert: the body holds none"],
  [
    "what is not an alert",
    "hello",
    'not an alert: neither JSON nor "TIME: PRIORITY TEXT" as Falco writes it',
  ],
  ["broken JSON", '{"rule":"r"', 'not an alert: JSON: expected "," or "}" at position 11'],
  ["an alert without its rule", '{"priority":"Notice"}', 'not an alert: "rule" is missing'],
])("answers 400 to %s, with the reason", async (_, body, reason) => {
  expect(await post(body)).toEqual({ status: 400, body: `${reason}\n` });
  expect(server.stats().appended).toBe(0);
});

it("takes PUT, with which falcosidekick's webhook may send, like POST", async () => {
  expect(await post(lines[0]!, {}, "PUT")).toEqual({ status: 200, body: "" });
  expect(await queuedRules()).toEqual(["Terminal shell in container"]);
});

it.each(["GET", "DELETE", "PATCH", "OPTIONS"])(
  "answers 405 to %s, and says what would be right",
  async (method) => {
    expect(await post(lines[0]!, {}, method)).toEqual({
      status: 405,
      body: "POST or PUT alerts here\n",
    });
    expect(server.stats().appended).toBe(0);
  },
);

it("answers 413 to a body above 4 MiB, and queues nothing of it", async () => {
  const body = `${lines[0]}\n${"x".repeat(4 * 1024 * 1024)}`;
  // The answer comes before the body is through, so that the rest may find the connection closed.
  const answer = await post(body).catch((error: NodeJS.ErrnoException) => error.code);
  expect([expect.objectContaining({ status: 413 }), "EPIPE", "ECONNRESET"]).toContainEqual(answer);
  expect(server.stats().appended).toBe(0);
  expect((await post(lines[0]!)).status).toBe(200);
});

it.each([
  ["origin", "https://evil.example"],
  ["sec-fetch-site", "cross-site"],
])("refuses a web page's request, told by %s", async (header, value) => {
  expect((await post(lines[0]!, { [header]: value })).status).toBe(403);
  expect(server.stats().appended).toBe(0);
});

it("survives a request that breaks off", async () => {
  const { port } = new URL(server.httpUrl!);
  const socket = connect(Number(port), "127.0.0.1");
  await new Promise((resolve) =>
    socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n${lines[0]}`, resolve),
  );
  socket.destroy();
  expect((await post(lines[1]!)).status).toBe(200);
  expect(await queuedRules()).toEqual(["Read sensitive file untrusted"]);
});

it.each(["gzip", "GZIP", "x-gzip"])("inflates what is encoded as %s", async (encoding) => {
  const body = gzipSync(`${lines.join("\n")}\nnonsense\n`);
  expect(await post(body, { "content-encoding": encoding })).toEqual({ status: 200, body: "" });
  expect(server.stats().inputs.http).toEqual({ accepted: 13, rejected: 1 });
  expect(await queuedRules()).toEqual(lines.map((line) => JSON.parse(line).rule));
});

it("takes gzip of several members, and identity for none", async () => {
  const members = Buffer.concat([gzipSync(`${lines[0]}\n`), gzipSync(lines[1]!)]);
  expect((await post(members, { "content-encoding": "gzip" })).status).toBe(200);
  expect((await post(lines[2]!, { "content-encoding": "identity" })).status).toBe(200);
  expect(server.stats().appended).toBe(3);
});

it.each([
  ["garbage", Buffer.from(lines[0]!), "incorrect header check"],
  ["gzip that breaks off", gzipSync(lines[0]!).subarray(0, -10), "unexpected end of file"],
  ["nothing", Buffer.alloc(0), "unexpected end of file"],
])("answers 400 to %s that calls itself gzip", async (_, body, reason) => {
  expect(await post(body, { "content-encoding": "gzip" })).toEqual({
    status: 400,
    body: `the body is not gzip: ${reason}\n`,
  });
  expect(server.stats().appended).toBe(0);
});

it("answers 413 to a body that inflates to more than 4 MiB, and inflates no more of it", async () => {
  const bomb = gzipSync(Buffer.alloc(128 * 1024 * 1024));
  const before = process.memoryUsage().rss;
  expect((await post(bomb, { "content-encoding": "gzip" })).status).toBe(413);
  expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
  expect(server.stats().appended).toBe(0);
});

it.each(["br", "deflate", "gzip, gzip", "zstd"])("answers 415 to what is encoded as %s", async (encoding) => {
  expect(await post(lines[0]!, { "content-encoding": encoding })).toEqual({
    status: 415,
    body: "content-encoding: expected gzip, or none\n",
  });
});
