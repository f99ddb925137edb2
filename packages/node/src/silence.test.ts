import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import type { Client, StreamStatus, SubOptions } from "@falco-outputs/core";
import {
  heartbeatHeader,
  OutputsService,
  positionHeader,
  VersionService,
  versionHeader,
} from "@falco-outputs/core/contract";
import { startServer } from "@falco-outputs/server";
import { ServerProcess } from "@falco-outputs/testing";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type ClientOptions, createClient } from "./client.js";

const heartbeatIntervalMs = 200;
const reconnect = { initialDelayMs: 10, maxDelayMs: 1_000 };
const patience = { timeout: 15_000, interval: 5 };

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "falco-outputs-silence-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

async function startProcess(listen: string): Promise<ServerProcess> {
  const options = { listen: [{ address: listen, insecure: true }], heartbeatIntervalMs };
  const server = await ServerProcess.start(join(import.meta.dirname, ".."), options);
  onTestFinished(() => server.kill());
  return server;
}

function clientOf(options: ClientOptions): Client {
  const client = createClient({ insecure: true, ...options } as ClientOptions);
  onTestFinished(() => client.close());
  return client;
}

/** A stream that is read to its end in the background: what it brought, and what was told of it. */
function read(client: Client, options: SubOptions = { broadcast: true, reconnect }) {
  const rules: string[] = [];
  const statuses: StreamStatus[] = [];
  const onStatus = (status: StreamStatus) => void statuses.push(status);
  void (async () => {
    for await (const { rule } of client.sub({ ...options, onStatus })) rules.push(rule);
  })();
  const disconnections = () => statuses.filter((status) => status.type === "disconnected");
  return { rules, statuses, disconnections };
}

describe.each(["unix", "tcp"])("a server that is frozen, over %s", (kind) => {
  const place = () => (kind === "unix" ? join(temporaryFolder(), "falco.sock") : "127.0.0.1:0");

  it("is noticed, and found again when it goes on", async () => {
    const server = await startProcess(place());
    const { rules, statuses, disconnections } = read(clientOf({ address: server.address }));
    await expect.poll(() => statuses.at(-1)?.type, patience).toBe("connected");
    server.publish("before");
    await expect.poll(() => rules, patience).toEqual(["before"]);
    const before = Date.now();
    server.freeze();
    await expect.poll(disconnections, patience).not.toEqual([]);
    expect(disconnections()[0]).toMatchObject({
      error: {
        message: `sub on ${server.address}: nothing was heard for 600 ms: the connection is dead`,
        codeName: "UNAVAILABLE",
        fromServer: false,
      },
      lastHeardAt: expect.any(Date),
    });
    expect(disconnections()[0]!.lastHeardAt!.getTime()).toBeLessThanOrEqual(Date.now());
    expect(disconnections()[0]!.lastHeardAt!.getTime()).toBeGreaterThan(before - heartbeatIntervalMs * 3);
    server.publish("after");
    server.thaw();
    await expect.poll(() => rules, patience).toEqual(["before", "after"]);
    expect(statuses.at(-1)?.type).toBe("resumed");
  }, 20_000);

  it("is left alone for longer and longer while it stays so", async () => {
    const random = vi.spyOn(Math, "random").mockReturnValue(1);
    onTestFinished(() => void random.mockRestore());
    const server = await startProcess(place());
    const { statuses, disconnections } = read(clientOf({ address: server.address, connectTimeoutMs: 200 }));
    await expect.poll(() => statuses.at(-1)?.type, patience).toBe("connected");
    server.freeze();
    await expect.poll(() => disconnections().length, patience).toBeGreaterThanOrEqual(4);
    const [first, ...later] = disconnections().slice(0, 4);
    expect(first!.error.message).toContain("nothing was heard for 600 ms");
    for (const { error, lastHeardAt } of later) {
      expect(error.message).toMatch(/no connection came about in time|no answer came within 200 ms/);
      expect(lastHeardAt).toEqual(first!.lastHeardAt);
    }
    expect([first!, ...later].map(({ retryInMs }) => retryInMs)).toEqual([10, 20, 40, 80]);
  }, 20_000);
});

it("a server that is frozen is no loss when another one takes its place", async () => {
  const path = join(temporaryFolder(), "falco.sock");
  const frozen = await startProcess(path);
  const { rules, statuses, disconnections } = read(clientOf({ address: path }));
  await expect.poll(() => statuses.at(-1)?.type, patience).toBe("connected");
  frozen.freeze();
  await expect.poll(disconnections, patience).not.toEqual([]);
  await frozen.kill();
  const server = await startProcess(path);
  await expect.poll(() => statuses.at(-1)?.type, patience).toBe("lost");
  server.publish("a rule");
  await expect.poll(() => rules.at(-1), patience).toBe("a rule");
}, 20_000);

it("a proxy that keeps a dead connection open is left for another connection", async () => {
  const server = await startServer({ heartbeatIntervalMs });
  onTestFinished(() => server.stop());
  const sockets: Socket[] = [];
  const proxy = createServer((socket) => {
    const behind = connect(server.address.slice("unix://".length));
    for (const one of [socket, behind]) sockets.push(one.on("error", () => undefined));
    socket.pipe(behind).pipe(socket);
  });
  await once(proxy.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  const address = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const { rules, statuses } = read(clientOf({ address }));
  await expect.poll(() => statuses.at(-1)?.type, patience).toBe("connected");
  const [socket] = sockets;
  for (const one of sockets) one.unpipe().pause();
  await expect.poll(() => statuses.at(-1)?.type, patience).toBe("resumed");
  await server.publish({ rule: "a rule", priority: "Notice" });
  await expect.poll(() => rules, patience).toEqual(["a rule"]);
  // Nothing keeps the dead one.
  await expect.poll(() => socket!.resume().readableEnded, patience).toBe(true);
}, 20_000);

it("one dead stream ends none of the others on its connection", async () => {
  let calls = 0;
  let raise = () => undefined as void;
  const raised = new Promise<void>((resolve) => {
    raise = resolve;
  });
  const handler = connectNodeAdapter({
    routes: (router) => {
      router.service(VersionService, {
        version: (_, { responseHeader }) => {
          responseHeader.set(versionHeader, "1");
          return {};
        },
      });
      router.service(OutputsService, {
        async *sub(_, { responseHeader, signal }) {
          const call = ++calls;
          responseHeader.set(versionHeader, "1");
          responseHeader.set(positionHeader, "0");
          // Only the second call has a server that falls silent.
          if (call === 2) responseHeader.set(heartbeatHeader, "100");
          yield { rule: `call ${call}`, sequence: BigInt(call) };
          if (call === 1) await raised;
          if (call === 1) yield { rule: "later", sequence: 9n };
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
        },
      });
    },
  });
  let sessions = 0;
  const server = createHttp2Server(handler).on("session", () => sessions++);
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => void server.close());
  const client = clientOf({ address: `127.0.0.1:${(server.address() as AddressInfo).port}` });
  const healthy = read(client);
  await expect.poll(() => healthy.rules, patience).toEqual(["call 1"]);
  const dead = read(client);
  await expect.poll(() => dead.rules, patience).toEqual(["call 2", "call 3"]);
  expect(sessions).toBe(2);
  raise();
  await expect.poll(() => healthy.rules, patience).toEqual(["call 1", "later"]);
  expect(healthy.disconnections()).toEqual([]);
}, 20_000);
