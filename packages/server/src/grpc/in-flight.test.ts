import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { contentOf, encodeContent } from "@falco-outputs/core/codec";
import { OutputsRequestSchema, versionHeader } from "@falco-outputs/core/contract";
import { describe, expect, it, onTestFinished } from "vitest";
import { type FalcoOutputsServer, type ServerOptions, startServer } from "../index.js";
import { frameBytes } from "../log/slab.js";

const total = 20_000;
/** As `docs/delivery.md` has it. */
const maxInFlightBytes = 48 * 1024;
const sliceBytes = 16 * 1024;
/** So much passes before the connection goes silent. */
const passedBytes = 300_000;
/** No window of the client's holds the server back. */
const windowBytes = 64 * 1024 * 1024;
const alert = encodeContent(
  contentOf({ rule: "r", priority: "Notice", output: "x".repeat(740), outputFields: {} }),
);
/** All sequence numbers of today take the same space. */
const frame = frameBytes(alert.length, Date.now() * 1000);
const patience = { timeout: 20_000, interval: 5 };

async function serve(options: ServerOptions = {}): Promise<FalcoOutputsServer> {
  const server = await startServer(options);
  onTestFinished(() => server.stop());
  for (let index = 0; index < total; index++) await server.publish(alert);
  return server;
}

/** What lies between the server and a client: takes all that the server sends, and passes it on until it is told not to. */
async function startRelay(target: string, limit = Number.POSITIVE_INFINITY) {
  const folder = mkdtempSync(join(tmpdir(), "falco-outputs-in-flight-"));
  const sockets: Socket[] = [];
  const withheld: Buffer[] = [];
  const relay = { path: join(folder, "relay.sock"), taken: 0, passed: 0, isSilent: false, passOn: () => {} };
  const server = createServer((client) => {
    const behind = connect(target);
    sockets.push(client, behind);
    for (const socket of [client, behind]) socket.on("error", () => undefined);
    client.pipe(behind);
    behind.on("close", () => client.destroy());
    behind.on("data", (chunk: Buffer) => {
      relay.taken += chunk.length;
      relay.isSilent ||= relay.passed >= limit;
      if (relay.isSilent) {
        withheld.push(chunk);
        return;
      }
      relay.passed += chunk.length;
      client.write(chunk);
    });
    relay.passOn = () => {
      relay.isSilent = false;
      limit = Number.POSITIVE_INFINITY;
      for (const chunk of withheld.splice(0)) client.write(chunk);
    };
  });
  await once(server.listen(relay.path), "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
    rmSync(folder, { recursive: true });
  });
  return relay;
}

async function openSession(path: string, initialWindowSize = windowBytes): Promise<ClientHttp2Session> {
  const session = connectHttp2("http://localhost", {
    settings: { initialWindowSize },
    createConnection: () => connect(path),
  });
  session.on("error", () => undefined);
  onTestFinished(() => session.destroy());
  await once(session, "connect");
  session.setLocalWindowSize(windowBytes);
  return session;
}

type Request = MessageInitShape<typeof OutputsRequestSchema>;

/** A stream that counts the bytes of the frames it gets. */
function open(session: ClientHttp2Session, method: "get" | "sub", request: Request) {
  const stream = session.request({
    ":method": "POST",
    ":path": `/falco.outputs.service/${method}`,
    "content-type": "application/grpc",
    te: "trailers",
    [versionHeader]: "1",
  });
  const message = toBinary(OutputsRequestSchema, create(OutputsRequestSchema, request));
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  stream.write(Buffer.concat([prefix, message]));
  const received = { stream, bytes: 0 };
  stream.on("data", (chunk: Buffer) => {
    received.bytes += chunk.length;
  });
  stream.on("error", () => undefined);
  return received;
}

/** Takes what is left in the queue; returns the bytes of its frames. */
async function drain(session: ClientHttp2Session, request: Request): Promise<number> {
  const rest = open(session, "get", request);
  rest.stream.end();
  await once(rest.stream, "end");
  return rest.bytes;
}

const pathOf = (server: FalcoOutputsServer) => server.address.replace("unix://", "");

describe.each([
  ["the shared queue", {}],
  ["a group", { group: "pager", after: 0n }],
])("a stream of %s that does not acknowledge", (_, request) => {
  it("has at most 48 KiB that its peer has not read; the others get the rest", async () => {
    const server = await serve();
    const relay = await startRelay(pathOf(server), passedBytes);
    const silent = open(await openSession(relay.path), "sub", request);
    await expect.poll(() => relay.isSilent, patience).toBe(true);

    const rest = await drain(await openSession(pathOf(server)), request);
    const given = total * frame - rest;
    expect(given - relay.passed).toBeLessThanOrEqual(maxInFlightBytes);

    relay.passOn();
    await expect.poll(() => silent.bytes, patience).toBe(given);
    // It continues.
    await server.publish(alert);
    await expect.poll(() => silent.bytes, patience).toBe(given + frame);
  });
});

it.each([
  ["a broadcast", { broadcast: true, after: 0n }, total],
  ["an acknowledging stream, up to its window", { group: "pager", after: 0n, acknowledged: 0n }, 4_096],
])("gives %s all that flow control allows", async (_, request, count) => {
  const server = await serve();
  const relay = await startRelay(pathOf(server), passedBytes);
  open(await openSession(relay.path), "sub", request);
  await expect.poll(() => relay.taken, patience).toBeGreaterThanOrEqual(count * frame);
});

it("ends a stream whose peer reads nothing for the time limit, though nothing of it waits to be written", async () => {
  const server = await serve({ stallTimeoutMs: 200 });
  const relay = await startRelay(pathOf(server), 0);
  open(await openSession(relay.path), "sub", {});
  await expect
    .poll(() => server.stats().groups[""], patience)
    .toMatchObject({
      members: 0,
      delivered: Math.floor(maxInFlightBytes / sliceBytes) * Math.floor(sliceBytes / frame),
    });
});

it("asks a quiet peer for at most one answer in 8 KiB", async () => {
  const server = await startServer();
  onTestFinished(() => server.stop());
  const session = await openSession(pathOf(server));
  let pings = 0;
  session.on("ping", () => {
    pings++;
  });
  const stream = open(session, "sub", {});
  for (let index = 1; index <= 100; index++) {
    await server.publish(alert);
    await expect.poll(() => stream.bytes, patience).toBe(index * frame);
  }
  expect(pings).toBeGreaterThan(0);
  expect(pings).toBeLessThanOrEqual((100 * frame) / (8 * 1024));
});

it("does not ask a peer again that has read all that was sent", async () => {
  const server = await serve();
  const smallWindowBytes = 64 * 1024 - 1;
  const session = await openSession(pathOf(server), smallWindowBytes);
  let pings = 0;
  session.on("ping", () => {
    pings++;
  });
  const reader = open(session, "sub", {});
  reader.stream.pause();
  const given = () => server.stats().groups[""]!.delivered * frame;
  await expect.poll(given, patience).toBeGreaterThan(smallWindowBytes);
  for (let round = 0; round < 200; round++) await new Promise((resolve) => session.ping(resolve));
  expect(pings).toBeLessThan(20);
  reader.stream.resume();
  await expect.poll(() => reader.bytes, patience).toBe(total * frame);
});
