import { request } from "node:http";
import { connect } from "node:net";
import { PassThrough, Readable } from "node:stream";
import { create, toBinary } from "@bufbuild/protobuf";
import { createGrpcTransport } from "@connectrpc/connect-node";
import {
  type Alert,
  type Client,
  Code,
  createClient,
  FalcoError,
  type SubOptions,
} from "@falco-outputs/core";
import { OutputsResponseSchema } from "@falco-outputs/core/contract";
import { describe, expect, it, onTestFinished } from "vitest";
import { type FalcoOutputsServer, type ServerOptions, startServer } from "./index.js";

async function start(options?: ServerOptions): Promise<FalcoOutputsServer> {
  const server = await startServer(options);
  onTestFinished(() => server.stop());
  return server;
}

/** A client over a socket of its own. */
function clientOf(server: FalcoOutputsServer): Client {
  const path = server.address.replace("unix://", "");
  return createClient({
    transport: createGrpcTransport({
      baseUrl: "http://localhost",
      nodeOptions: { createConnection: () => connect(path) },
    }),
  });
}

async function post(server: FalcoOutputsServer, body: string): Promise<void> {
  const status = await new Promise((resolve, reject) => {
    request(server.httpUrl!, { method: "POST" }, (response) => resolve(response.resume().statusCode))
      .on("error", reject)
      .end(body);
  });
  expect(status).toBe(200);
}

const alertNamed = (rule: string) => JSON.stringify({ rule, priority: "Notice" });

describe("the shared queue over gRPC", () => {
  it("keeps 1,000 alerts that are posted while nobody listens, each once and in order", async () => {
    const server = await start({ inputs: { http: ["127.0.0.1:0"] } });
    const expected = Array.from({ length: 1000 }, (_, index) => `rule ${index}`);
    for (const rule of expected) await post(server, alertNamed(rule));
    const rules: string[] = [];
    for await (const alert of clientOf(server).sub()) {
      rules.push(alert.rule);
      if (rules.length === expected.length) break;
    }
    expect(rules).toEqual(expected);
    expect(server.stats().groups[""]).toMatchObject({ delivered: 1000, waiting: 0, lost: 0 });
  });

  it("shares 30 rounds of 100 alerts among three subscribers: each once, in order, in like parts", async () => {
    const server = await start({ inputs: { http: ["127.0.0.1:0"] } });
    const received: Alert[][] = [[], [], []];
    const clients = received.map(() => clientOf(server));
    const readers = received.map(async (alerts, index) => {
      for await (const alert of clients[index]!.sub()) alerts.push(alert);
    });
    await server.waitForSubscribers(3);
    const total = () => received.reduce((sum, alerts) => sum + alerts.length, 0);
    for (let round = 0; round < 30; round++) {
      for (let index = 0; index < 100; index++) await post(server, alertNamed(`${round * 100 + index}`));
      await expect.poll(total, { timeout: 10_000, interval: 1 }).toBe((round + 1) * 100);
    }
    await Promise.all([...clients.map((client) => client.close()), ...readers]);

    const numbers = received.map((alerts) => alerts.map((alert) => Number(alert.rule)));
    for (const own of numbers) expect(own).toEqual([...own].sort((a, b) => a - b));
    expect(numbers.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 3000 }, (_, index) => index));
    const shares = numbers.map((own) => own.length);
    expect(Math.max(...shares) / Math.min(...shares)).toBeLessThanOrEqual(1.2);
  });

  it("forgets a subscriber that goes, however it goes", async () => {
    const server = await start();
    const client = clientOf(server);
    const streams = Array.from({ length: 5 }, () => client.sub()[Symbol.asyncIterator]());
    const pending = streams.map((stream) => stream.next());
    await server.waitForSubscribers(5);
    await Promise.all(streams.map((stream) => stream.return!()));
    await Promise.all(pending);
    await server.waitForSubscribers(0);
    await server.publish(alertNamed("kept"));
    const { value } = await client.sub()[Symbol.asyncIterator]().next();
    expect(value?.rule).toBe("kept");
  });

  it("holds a subscriber that does not read to what fits its window, and serves the others", async () => {
    const server = await start({ maxAlerts: 100_000 });
    const stalled = clientOf(server).sub()[Symbol.asyncIterator]();
    const first = stalled.next();
    await server.waitForSubscribers(1);
    await server.publish(alertNamed("first"));
    expect((await first).value?.rule).toBe("first");
    const client = clientOf(server);
    let received = 0;
    const reading = (async () => {
      for await (const _ of client.sub()) received++;
    })();
    await server.waitForSubscribers(2);
    const output = "x".repeat(10_000);
    for (let index = 0; index < 2000; index++) {
      await server.publish({ rule: "r", priority: "Notice", output });
    }
    // 20 MB went through; the one that stalls has at most what its windows and buffers hold.
    await expect.poll(() => received, { timeout: 10_000 }).toBeGreaterThan(1700);
    await expect.poll(() => server.stats().groups[""]!.delivered).toBe(2001);
    await client.close();
    await reading;
    await stalled.return!();
  });
});

describe("publish", () => {
  it("takes an alert's parts, a line of Falco's and encoded bytes, and gives the sequence", async () => {
    const server = await start({ listen: [] });
    const encoded = toBinary(
      OutputsResponseSchema,
      create(OutputsResponseSchema, { rule: "encoded", sequence: 7n }),
    );
    const sequences = [
      await server.publish({ rule: "parts", priority: "warning", outputFields: { n: 2n ** 64n - 1n } }),
      await server.publish('{"rule":"json","priority":"Alert"}'),
      await server.publish("2026-06-02T09:14:09Z: Error text"),
      await server.publish(encoded),
    ];
    const alerts: Alert[] = [];
    for await (const alert of createClient({ transport: server.transport() }).get()) alerts.push(alert);
    expect(alerts.map((alert) => alert.rule)).toEqual(["parts", "json", "", "encoded"]);
    expect(alerts.map((alert) => alert.sequence)).toEqual(sequences);
    expect(alerts[0]!.outputFields).toEqual({ n: "18446744073709551615" });
  });

  it.each(["hello", "{}", new Uint8Array([1, 2, 3])])("refuses %o", async (alert) => {
    const server = await start({ listen: [] });
    const refusal = await server.publish(alert).catch((error) => error);
    expect(refusal).toBeInstanceOf(FalcoError);
    expect(refusal.code).toBe(Code.InvalidArgument);
    expect(server.stats().appended).toBe(0);
  });
});

it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31])(
  "refuses a stallTimeoutMs of %d, which no timer takes",
  async (stallTimeoutMs) => {
    await expect(startServer({ listen: [], stallTimeoutMs })).rejects.toThrow(
      `stallTimeoutMs: ${stallTimeoutMs}, expected a time in milliseconds`,
    );
  },
);

describe("stop", () => {
  it("tells our clients to come back, and lets go of everything", async () => {
    const server = await start({ inputs: { http: ["127.0.0.1:0"] } });
    const next = clientOf(server).sub({ reconnect: false })[Symbol.asyncIterator]().next();
    await server.waitForSubscribers(1);
    const { address, httpUrl } = server;
    const [ended] = await Promise.allSettled([next, server.stop()]);
    expect(ended).toMatchObject({ reason: { code: Code.Unavailable, fromServer: true } });
    await expect(fetch(httpUrl!, { method: "POST" })).rejects.toThrow();
    await expect(clientOf({ ...server, address } as FalcoOutputsServer).version()).rejects.toThrow();
    await server.stop();
  });

  it("is what `await using` does", async () => {
    let stopped: FalcoOutputsServer;
    {
      await using server = await startServer({ inputs: { http: ["127.0.0.1:0"] } });
      stopped = server;
    }
    await expect(fetch(stopped.httpUrl!, { method: "POST" })).rejects.toThrow();
  });

  it("has whoever publishes or waits told that the server has stopped, then and later", async () => {
    const server = await start({ listen: [] });
    const waiting = [0, 1].map(() => server.waitForSubscribers(5));
    const stopping = server.stop();
    const told = expect.objectContaining({
      name: "FalcoError",
      code: Code.Unavailable,
      message: "the server has stopped",
      fromServer: false,
    });
    await expect(server.publish(alertNamed("late"))).rejects.toEqual(told);
    for (const waited of waiting) await expect(waited).rejects.toEqual(told);
    await stopping;
    await expect(server.publish(alertNamed("later"))).rejects.toEqual(told);
    await expect(server.waitForSubscribers(0)).rejects.toEqual(told);
    await expect(server.readLines(Readable.from([]))).rejects.toEqual(told);
    const other = createClient({ transport: server.transport() });
    await expect(server.readAlerts(other, { name: "other" })).rejects.toEqual(told);
    await expect(other.get()[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: Code.FailedPrecondition,
      message: "the server has stopped",
    });
    expect(server.stats().appended).toBe(0);
  });

  it.each<[string, SubOptions]>([
    ["a broadcast", { broadcast: true }],
    ["a group", { group: "g" }],
    ["the shared queue, waited for", { reconnect: { waitOnFirstConnect: true } }],
  ])("ends a stream over its own transport, which nobody will serve again: %s", async (_, options) => {
    const server = await start({ listen: [] });
    const client = createClient({ transport: server.transport() });
    const next = client.sub(options)[Symbol.asyncIterator]().next();
    next.catch(() => undefined);
    await server.waitForSubscribers(1);
    await server.stop();
    await expect(next).rejects.toMatchObject({ code: Code.FailedPrecondition, fromServer: true });
    await expect(client.version()).rejects.toMatchObject({ code: Code.FailedPrecondition });
  });

  it("ends the reading of lines and of other servers", async () => {
    const server = await start({ listen: [] });
    const other = await start();
    const stream = new PassThrough();
    stream.write(`${alertNamed("read")}\n`);
    const client = clientOf(other);
    const readings = [server.readLines(stream), server.readAlerts(client, { name: "other" })];
    await other.publish(alertNamed("read"));
    await expect.poll(() => server.stats().appended).toBe(2);
    await server.stop();
    await Promise.all(readings);
    stream.write(`${alertNamed("late")}\n`.repeat(1000));
    await other.publish(alertNamed("late"));
    await other.waitForSubscribers(0);
    expect(server.stats().appended).toBe(2);
    await client.close();
  });

  it("leaves nothing behind when a start fails", async () => {
    const taken = await start({ listen: [], inputs: { http: ["127.0.0.1:0"] } });
    const address = new URL(taken.httpUrl!).host;
    await expect(startServer({ inputs: { http: [address] } })).rejects.toThrow(`cannot listen on ${address}`);
  });
});
