import { connect } from "node:net";
import { createGrpcTransport } from "@connectrpc/connect-node";
import type { Alert, AlertStream, StreamStatus } from "@falco-outputs/core";
import { parseAddress } from "@falco-outputs/core/transport";
import { createClient } from "@falco-outputs/node";
import { expect, it, onTestFinished, vi } from "vitest";
import { clientOf, publish, serve } from "./test-server.js";

const mebibyte = 1024 * 1024;
const output = "x".repeat(10_000);
const alert = () => ({ rule: "r", priority: "Notice", output }) as const;
const patience = { timeout: 30_000, interval: 5 };

/** Which sequence numbers arrived, and which were told lost, after each other. */
class Account {
  readonly received: bigint[] = [];
  readonly losses: { lost: bigint; first: bigint; last: bigint; cause: string }[] = [];

  add({ sequence, outputFields }: Alert): void {
    if (sequence !== 0n) {
      this.received.push(sequence);
      return;
    }
    const { lost = "", first_sequence = "", last_sequence = "", cause = "" } = outputFields;
    this.losses.push({
      lost: BigInt(lost),
      first: BigInt(first_sequence),
      last: BigInt(last_sequence),
      cause,
    });
  }

  /** All of it, in ascending order. */
  all(): bigint[] {
    const lost = this.losses.flatMap(({ first, last }) =>
      Array.from({ length: Number(last - first) + 1 }, (_, index) => first + BigInt(index)),
    );
    return [...this.received, ...lost].sort((a, b) => Number(a - b));
  }
}

/** Opens a stream and takes one alert from it, no more. */
async function stall(stream: AlertStream, account: Account): Promise<() => Promise<Alert>> {
  const iterator = stream[Symbol.asyncIterator]();
  const take = async () => {
    const { value } = await iterator.next();
    if (value === undefined) throw new Error("the stream ended");
    account.add(value);
    return value;
  };
  await take();
  return take;
}

it("serves one that reads beside one that does not, which is told its loss when it wakes", async () => {
  const server = await serve({ maxBytes: 8 * mebibyte });
  const readByReader: bigint[] = [];
  const reader = clientOf(server.address);
  const reading = (async () => {
    for await (const { sequence } of reader.sub({ broadcast: true })) readByReader.push(sequence);
  })();
  const statuses: StreamStatus[] = [];
  const stalled = new Account();
  const stalling = stall(
    clientOf(server.address).sub({ broadcast: true, onStatus: (status) => statuses.push(status) }),
    stalled,
  );
  await server.waitForSubscribers(2);

  const sequences = await publish(server, {
    count: 3_000,
    alert,
    // The reader must not be slow: 200 alerts are 2 MB.
    before: (published) =>
      expect.poll(() => published - readByReader.length, patience).toBeLessThanOrEqual(200),
  });
  await expect.poll(() => readByReader.length, patience).toBe(sequences.length);
  expect(readByReader).toEqual(sequences);
  await reader.close();
  await reading;

  const take = await stalling;
  while ((await take()).sequence !== sequences.at(-1));
  const [loss, ...more] = stalled.losses;
  expect(more).toEqual([]);
  expect(loss).toMatchObject({ cause: "slow", lost: loss!.last - loss!.first + 1n });
  expect(stalled.all()).toEqual(sequences);
  // What it got before the loss had been on its way: its window of 1 MiB, and what sockets and buffers hold.
  const onTheWay = stalled.received.filter((sequence) => sequence < loss!.first).length;
  expect(onTheWay * output.length).toBeLessThan(2 * mebibyte);
  expect(statuses).toEqual([
    { type: "connecting", attempt: 1 },
    { type: "connected" },
    expect.objectContaining({
      type: "lost",
      loss: {
        cause: "slow",
        causeText: "slow",
        lost: loss!.lost,
        firstSequence: loss!.first,
        lastSequence: loss!.last,
      },
    }),
  ]);
}, 30_000);

it("keeps its memory within the bound when 200 stall, each at another place", async () => {
  using complaint = vi.spyOn(console, "error");
  const maxBytes = 4 * mebibyte;
  const server = await serve({ maxBytes, maxAlerts: 100 });
  const address = parseAddress(server.address) as { kind: "unix"; path: string };
  // With the small windows that HTTP/2 has by default, so that it is the server that holds what they do not read.
  const transport = createGrpcTransport({
    baseUrl: "http://localhost",
    nodeOptions: { createConnection: () => connect(address.path) },
  });
  const client = createClient({ transport });
  onTestFinished(() => client.close());

  const peak = { retained: 0, pinned: 0 };
  const measure = () => {
    const { retainedBytes, pinnedBytes } = server.stats();
    peak.retained = Math.max(peak.retained, retainedBytes);
    peak.pinned = Math.max(peak.pinned, pinnedBytes);
  };
  const sequences: bigint[] = [];
  const streams: {
    account: Account;
    startsAt: number;
    statuses: StreamStatus[];
    stalled: Promise<() => Promise<Alert>>;
  }[] = [];
  for (let index = 0; index < 200; index++) {
    const account = new Account();
    const statuses: StreamStatus[] = [];
    const before = server.stats().broadcast.members;
    const stream = client.sub({
      broadcast: true,
      reconnect: { initialDelayMs: 1 },
      onStatus: (status) => statuses.push(status),
    });
    streams.push({ account, startsAt: sequences.length, statuses, stalled: stall(stream, account) });
    await expect.poll(() => server.stats().broadcast.members, patience).toBe(before + 1);
    sequences.push(...(await publish(server, { count: 60, atOnce: 10, alert, before: measure })));
    measure();
  }
  expect(peak.retained).toBeLessThanOrEqual(maxBytes);
  expect(peak.pinned).toBeLessThanOrEqual(64 * mebibyte);
  // It would not stay there by itself.
  expect(peak.pinned).toBeGreaterThan(60 * mebibyte);

  await Promise.all(
    streams.map(async ({ stalled }) => {
      const take = await stalled;
      while ((await take()).sequence !== sequences.at(-1));
    }),
  );
  for (const { account, startsAt } of streams) expect(account.all()).toEqual(sequences.slice(startsAt));
  for (const { account } of streams.slice(0, 190)) expect(account.losses[0]?.cause).toBe("slow");
  const ended = streams.map(({ statuses }) => statuses.find(({ type }) => type === "disconnected"));
  const count = ended.filter((status) => status !== undefined).length;
  expect(count).toBeGreaterThan(0);
  // Those that stalled longest, and nobody else.
  expect(ended.slice(0, count)).toEqual(
    Array(count).fill(
      expect.objectContaining({
        error: expect.objectContaining({ message: expect.stringContaining("ENHANCE_YOUR_CALM") }),
      }),
    ),
  );
  expect(complaint.mock.calls).toEqual([]);
}, 60_000);
