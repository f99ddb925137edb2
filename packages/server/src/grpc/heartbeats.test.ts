import { connect } from "node:net";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { createClient, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import {
  heartbeatHeader,
  LegacyService,
  type OutputsRequestSchema,
  type OutputsResponse,
  OutputsService,
  versionHeader,
} from "@falco-outputs/core/contract";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { type FalcoOutputsServer, type ServerOptions, startServer } from "../index.js";
import { MemoryLog } from "../log/memory-log.js";
import { batchOf, never } from "../log/testing/alerts.js";
import { allow } from "../log/testing/filters.js";
import { Heartbeats } from "./heartbeats.js";

type Request = MessageInitShape<typeof OutputsRequestSchema>;
const ours = { [versionHeader]: "1" };

async function serve(options: ServerOptions = {}): Promise<FalcoOutputsServer> {
  const server = await startServer({ heartbeatIntervalMs: 100, ...options });
  onTestFinished(() => server.stop());
  return server;
}

function overUnixSocket({ address }: FalcoOutputsServer): Transport {
  const path = address.replace("unix://", "");
  const nodeOptions = { createConnection: () => connect(path) };
  return createGrpcTransport({ baseUrl: "http://localhost", nodeOptions });
}

/** A get that follows; ends with the test. */
function follow(transport: Transport, request: Request, headers: Record<string, string> = ours) {
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const seen = { headers: new Headers() };
  const options = {
    headers,
    signal: stop.signal,
    onHeader: (header: Headers) => {
      seen.headers = header;
    },
  };
  const stream = createClient(OutputsService, transport).get({ ...request, follow: true }, options);
  return { seen, stop, responses: stream[Symbol.asyncIterator]() };
}

/** Reads on to the first response that tells how far the log was looked at. */
async function nextHeartbeat(responses: AsyncIterator<OutputsResponse>): Promise<bigint> {
  for (;;) {
    const { scanned } = (await responses.next()).value;
    if (scanned !== 0n) return scanned;
  }
}

describe("a quiet stream to a client of ours", () => {
  it.each<[string, (server: FalcoOutputsServer) => Transport]>([
    ["over gRPC", overUnixSocket],
    ["over Connect", ({ webUrl }) => createConnectTransport({ baseUrl: webUrl!, httpVersion: "1.1" })],
    ["over gRPC-Web", ({ webUrl }) => createGrpcWebTransport({ baseUrl: webUrl!, httpVersion: "1.1" })],
    ["in the same process", (server) => server.transport()],
  ])("tells again and again how far the log was looked at, %s", async (_, transportTo) => {
    const server = await serve({ web: ["127.0.0.1:0"] });
    const { seen, responses } = follow(transportTo(server), { broadcast: true });
    const first = await nextHeartbeat(responses);
    expect(seen.headers.get(heartbeatHeader)).toBe("100");
    expect(await nextHeartbeat(responses)).toBe(first);
    const sequence = await server.publish({ rule: "r", priority: "Notice" });
    expect((await responses.next()).value).toMatchObject({ rule: "r", sequence, scanned: 0n });
    expect(await nextHeartbeat(responses)).toBe(sequence);
  });

  it.each<[string, Request]>([
    ["of the shared queue", {}],
    ["of a group", { group: "g" }],
    ["of a group with a filter", { group: "f", allow: [{ rules: ["r"] }] }],
  ])("does so for a member %s as well", async (_, request) => {
    const server = await serve();
    const { responses } = follow(overUnixSocket(server), request);
    await nextHeartbeat(responses);
    await nextHeartbeat(responses);
    await server.publish({ rule: "r", priority: "Notice" });
    expect((await responses.next()).value).toMatchObject({ rule: "r" });
  });

  it("tells what a filter passed over, so that nothing of it is lost to a client that comes back", async () => {
    const server = await serve({ maxAlerts: 10 });
    const request = { broadcast: true, allow: [{ rules: ["r"] }] };
    const { responses, stop } = follow(overUnixSocket(server), request);
    await nextHeartbeat(responses);
    let last = 0n;
    for (let index = 0; index < 100; index++) last = await server.publish({ rule: "x", priority: "Notice" });
    let scanned = 0n;
    while (scanned < last) scanned = await nextHeartbeat(responses);
    expect(scanned).toBe(last);
    stop.abort();
    await server.waitForSubscribers(0);
    await server.publish({ rule: "r", priority: "Notice" });
    const back = follow(overUnixSocket(server), { ...request, after: scanned });
    expect((await back.responses.next()).value).toMatchObject({ rule: "r" });
  });

  it("says with a loss where to go on from", async () => {
    const server = await serve({ maxAlerts: 2 });
    const first = await server.publish({ rule: "r", priority: "Notice" });
    for (const rule of ["x", "r", "x", "x", "x"]) await server.publish({ rule, priority: "Notice" });
    const { responses } = follow(overUnixSocket(server), {
      broadcast: true,
      after: first,
      allow: [{ rules: ["r"] }],
    });
    expect((await responses.next()).value).toMatchObject({
      source: "internal",
      outputFields: { lost: "3", first_sequence: String(first + 1n) },
    });
    expect((await responses.next()).value).toMatchObject({ scanned: first + 3n });
  });
});

describe("no other client", () => {
  it("gets anything but alerts, without the header by which ours are known", async () => {
    const server = await serve();
    const { responses } = follow(overUnixSocket(server), { broadcast: true });
    const other = follow(overUnixSocket(server), { broadcast: true }, {});
    const next = other.responses.next();
    await server.waitForSubscribers(2);
    for (let count = 0; count < 3; count++) await nextHeartbeat(responses);
    await server.publish({ rule: "r", priority: "Notice" });
    expect((await next).value).toMatchObject({ rule: "r" });
    expect(other.seen.headers.has(heartbeatHeader)).toBe(false);
  });

  it("gets anything but alerts from Falco's oldest service, whatever header it sends", async () => {
    const server = await serve();
    const { responses } = follow(overUnixSocket(server), { broadcast: true });
    const stop = new AbortController();
    onTestFinished(() => stop.abort());
    const oldest = createClient(LegacyService, overUnixSocket(server)).subscribe(
      { keepalive: true },
      { headers: ours, signal: stop.signal },
    );
    const next = oldest[Symbol.asyncIterator]().next();
    await server.waitForSubscribers(2);
    for (let count = 0; count < 3; count++) await nextHeartbeat(responses);
    await server.publish({ rule: "r", priority: "Notice" });
    expect((await next).value).toMatchObject({ rule: "r" });
  });
});

it.each([99, 3_600_001, 100.5, Number.NaN])(
  "an interval of %d ms is refused",
  async (heartbeatIntervalMs) => {
    await expect(startServer({ listen: [], heartbeatIntervalMs })).rejects.toThrow(
      `heartbeatIntervalMs: ${heartbeatIntervalMs}, expected a whole number from 100 to 3600000`,
    );
  },
);

describe("heartbeats in time", () => {
  afterEach(() => void vi.useRealTimers());

  const observer = { mode: "broadcast", follow: true, after: undefined, window: undefined } as const;

  /** Waits for alerts as a served stream does; counts heartbeats, and alerts, by the time of their arrival. */
  async function watch(intervalMs: number, filter: ReturnType<typeof allow> | undefined) {
    vi.useFakeTimers();
    const log = new MemoryLog();
    const cursor = await log.open({ ...observer, filter });
    const heartbeats = new Heartbeats(cursor, intervalMs, filter !== undefined);
    onTestFinished(() => heartbeats.close());
    const sent: { at: number; count: number }[] = [];
    const start = Date.now();
    void (async () => {
      for (;;) {
        const slice = await cursor.next(64 * 1024, never);
        heartbeats.sent();
        sent.push({ at: Date.now() - start, count: slice!.count });
      }
    })();
    return { log, sent };
  }

  it.each([[undefined], [allow({ rules: ["a"] })]])(
    "come at least once an interval, and not before half of it is over",
    async (filter) => {
      const { log, sent } = await watch(15_000, filter);
      for (let second = 0; second < 120; second++) {
        await vi.advanceTimersByTimeAsync(1_000);
        // A quiet minute, and one with an alert now and then.
        if (second > 60 && second % 7 === 0) log.append(batchOf("a"));
      }
      const silences = sent.map(({ at }, index) => at - (sent[index - 1]?.at ?? 0));
      expect(Math.max(...silences)).toBeLessThanOrEqual(15_000);
      const beforeHeartbeats = silences.filter((_, index) => sent[index]!.count === 0);
      expect(Math.min(...beforeHeartbeats)).toBeGreaterThanOrEqual(7_000);
      expect(sent.some(({ count }) => count > 0)).toBe(true);
    },
  );

  it("come within a second, and once a second at most, while a filter passes over alerts", async () => {
    const { log, sent } = await watch(15_000, allow({ rules: ["a"] }));
    for (let tick = 0; tick < 100; tick++) {
      await vi.advanceTimersByTimeAsync(100);
      log.append(batchOf("x"));
    }
    expect(sent).toHaveLength(10);
    expect(sent.map(({ count }) => count)).toEqual(Array(10).fill(0));
  });

  it("do not come more often where nothing is passed over", async () => {
    const { log, sent } = await watch(15_000, undefined);
    log.append(batchOf("a"));
    await vi.advanceTimersByTimeAsync(7_000);
    expect(sent).toEqual([{ at: 0, count: 1 }]);
  });
});
