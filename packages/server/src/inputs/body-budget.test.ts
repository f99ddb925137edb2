import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type RequestOptions, request } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fixtureLines } from "@falco-outputs/testing";
import { beforeEach, expect, it, onTestFinished } from "vitest";
import { type FalcoOutputsServer, startServer } from "../index.js";

const [alert = ""] = fixtureLines("alerts.jsonl");
const mib = 1024 * 1024;

let server: FalcoOutputsServer;
let path: string;
/** The reasons for which requests were refused. */
let refused: unknown[];

beforeEach(async () => {
  const folder = mkdtempSync(join(tmpdir(), "body-budget-"));
  path = join(folder, "in.sock");
  refused = [];
  const note = (fields: object) => void refused.push(...("reason" in fields ? [fields.reason] : []));
  server = await startServer({
    listen: [],
    inputs: { http: ["127.0.0.1:0", path] },
    logger: { info: note, warn: note, error: note },
  });
  onTestFinished(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });
});

function post(body: string | Buffer, where: RequestOptions = {}): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(server.httpUrl!, { method: "POST", agent: false, ...where }, (response) =>
      resolve(response.resume().statusCode),
    )
      .on("error", reject)
      .end(body);
  });
}

/** Begins a post of 4 MiB, sends so much of it, and stops. Resolves when the server has read that, or cut it. */
async function begin(bytes: number): Promise<Socket> {
  const socket = connect(Number(new URL(server.httpUrl!).port), "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => undefined).resume();
  socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ${4 * mib}\r\n\r\n`);
  const sent = new Promise((resolve) => socket.write(Buffer.alloc(bytes, " "), resolve));
  await Promise.race([sent, once(socket, "close")]);
  return socket;
}

it("nobody keeps others out with unfinished bodies: small ones are never refused, large ones not for long", async () => {
  for (let index = 0; index < 40; index++) {
    await begin(4 * mib - 1);
    expect(await post(alert)).toBe(200);
    expect(await post(alert, { socketPath: path })).toBe(200);
  }
  expect(refused).toContain("too many large bodies arrive at once");
  // Those that have held much for long go, not the newcomer.
  const lines = `${alert}\n`.repeat(Math.floor((2 * mib) / (alert.length + 1)));
  expect(await post(lines)).toBe(200);
  expect(await post(`${alert}\n`.repeat(64))).toBe(200);
  expect(server.stats().inputs.http!.rejected).toBe(0);
});

it("nobody keeps others out with unfinished small bodies on every connection that there may be", async () => {
  for (let index = 0; index < 1_100; index++) {
    const socket = connect(path);
    onTestFinished(() => void socket.destroy());
    socket.on("error", () => undefined).resume();
    await new Promise((resolve) =>
      socket.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{", resolve),
    );
  }
  expect(await post(alert, { socketPath: path })).toBe(200);
  expect(await post(alert)).toBe(200);
});

it("a body in tiny pieces is the same body", async () => {
  const body = `${alert}\n`.repeat(20);
  const status = new Promise((resolve, reject) => {
    const sent = request(server.httpUrl!, { method: "POST" }, (response) => resolve(response.statusCode));
    sent.on("error", reject).flushHeaders();
    // Chunked, so that the parser hands over each byte apart.
    for (const byte of body) sent.write(byte);
    sent.end();
  });
  expect(await status).toBe(200);
  expect(server.stats().inputs.http).toEqual({ accepted: 20, rejected: 0 });
});
