import type { Alert } from "@falco-outputs/core";
import type { FalcoOutputsServer } from "@falco-outputs/server";
import { describe, expect, it } from "vitest";
import { proxyTo } from "./proxy.js";
import { clientOf, publish, serve } from "./test-server.js";

const patience = { timeout: 10_000, interval: 1 };
const group = { group: "pager", after: 0n };
const auto = { ...group, acknowledge: true } as const;
const manual = { ...group, acknowledge: "manual" } as const;
const stats = (server: FalcoOutputsServer) => server.stats().groups.pager;

/** What another member gets, once there is nobody else: all that waits. */
async function takeRest(server: FalcoOutputsServer, count: number): Promise<bigint[]> {
  await server.waitForSubscribers(0);
  const sequences: bigint[] = [];
  for await (const { sequence } of clientOf(server.address).sub(auto)) {
    sequences.push(sequence);
    if (sequences.length === count) break;
  }
  await server.waitForSubscribers(0);
  return sequences;
}

/** Takes alerts from a stream, which stays open. */
async function take(iterator: AsyncIterator<Alert, undefined>, count: number): Promise<Alert[]> {
  const alerts: Alert[] = [];
  while (alerts.length < count) alerts.push((await iterator.next()).value!);
  return alerts;
}

describe("acknowledge: true", () => {
  it("acknowledges an alert when the loop comes back for the next one", async () => {
    const server = await serve();
    const sequences = await publish(server, { count: 3 });
    const iterator = clientOf(server.address).sub(auto)[Symbol.asyncIterator]();
    for (const [index, sequence] of sequences.entries()) {
      expect((await iterator.next()).value?.sequence).toBe(sequence);
      await expect.poll(() => stats(server)?.delivered, patience).toBe(index);
    }
    const last = iterator.next();
    await expect.poll(() => stats(server), patience).toMatchObject({ delivered: 3, waiting: 0 });
    await iterator.return?.();
    expect(await last).toEqual({ value: undefined, done: true });
  });

  it.each([
    ["break", undefined],
    ["a throw", new Error("the pager is broken")],
  ])("%s leaves the current alert unacknowledged: it goes to another member", async (_, failure) => {
    const server = await serve();
    const sequences = await publish(server, { count: 10 });
    const client = clientOf(server.address);
    const loop = async () => {
      let count = 0;
      for await (const _ of client.sub(auto)) {
        if (++count < 5) continue;
        if (failure !== undefined) throw failure;
        break;
      }
    };
    if (failure === undefined) await loop();
    else await expect(loop()).rejects.toBe(failure);
    await server.waitForSubscribers(0);
    expect(stats(server)).toMatchObject({ members: 0, delivered: 4, waiting: 6 });
    expect(await takeRest(server, 6)).toEqual(sequences.slice(4));
  });

  it("lets the body finish when the signal comes, and its alert is acknowledged", async () => {
    const server = await serve();
    const sequences = await publish(server, { count: 10 });
    const leaving = new AbortController();
    const seen: bigint[] = [];
    for await (const { sequence } of clientOf(server.address).sub({ ...auto, signal: leaving.signal })) {
      seen.push(sequence);
      if (seen.length < 3) continue;
      leaving.abort();
      await expect.poll(() => stats(server)?.delivered, patience).toBe(2);
    }
    expect(seen).toEqual(sequences.slice(0, 3));
    await server.waitForSubscribers(0);
    expect(stats(server)).toMatchObject({ delivered: 3, waiting: 7 });
    expect(await takeRest(server, 7)).toEqual(sequences.slice(3));
  });

  it("works for Falco's shared queue, too", async () => {
    const server = await serve();
    const sequences = await publish(server, { count: 5 });
    const first = clientOf(server.address).sub({ acknowledge: true })[Symbol.asyncIterator]();
    await take(first, 2);
    await first.return?.();
    await server.waitForSubscribers(0);
    const second = clientOf(server.address).sub()[Symbol.asyncIterator]();
    expect((await take(second, 4)).map(({ sequence }) => sequence)).toEqual(sequences.slice(1));
    expect(server.stats().groups[""]).toMatchObject({ delivered: 5, redelivered: 4, waiting: 0 });
  });
});

describe('acknowledge: "manual"', () => {
  it("takes handlers that finish in any order", async () => {
    const server = await serve();
    const count = 3_000;
    const stream = clientOf(server.address).sub(manual);
    const atWork: Alert[] = [];
    let received = 0;
    let random = 1;
    const reading = (async () => {
      for await (const alert of stream) {
        received++;
        atWork.push(alert);
        // Up to fifty handlers are at work, and any of them may be the next that is done.
        while (atWork.length > (received === count ? 0 : 50)) {
          random = (random * 48271) % 2147483647;
          const [done] = atWork.splice(random % atWork.length, 1);
          stream.acknowledge(done!);
        }
        if (received === count) break;
      }
    })();
    await publish(server, { count });
    await reading;
    await server.waitForSubscribers(0);
    expect(stats(server)).toMatchObject({ delivered: count, redelivered: 0, waiting: 0 });
  });

  it("acknowledges nothing after an alert that is not done", async () => {
    const server = await serve();
    const sequences = await publish(server, { count: 10 });
    const client = clientOf(server.address);
    const stream = client.sub({ ...manual, drainTimeoutMs: 50 });
    const alerts = await take(stream[Symbol.asyncIterator](), 10);
    for (const index of [9, 1, 5, 0, 2, 7]) stream.acknowledge(alerts[index]!);
    await expect.poll(() => stats(server)?.delivered, patience).toBe(3);
    await client.close();
    expect(await takeRest(server, 7)).toEqual(sequences.slice(3));
  });

  it("takes no alert of a lost connection for one that came again", async () => {
    const server = await serve();
    const [sequence] = await publish(server, { count: 1 });
    const proxy = await proxyTo(server.address);
    const stream = clientOf(proxy.address).sub({ ...manual, reconnect: { initialDelayMs: 1 } });
    const iterator = stream[Symbol.asyncIterator]();
    const [before] = await take(iterator, 1);
    proxy.cut();
    const [after] = await take(iterator, 1);
    expect([before?.sequence, after?.sequence]).toEqual([sequence, sequence]);
    stream.acknowledge(before!);
    const [next] = await publish(server, { count: 1 });
    const [again] = await take(iterator, 1);
    stream.acknowledge(again!);
    // This sends whatever may be sent.
    await iterator.return?.();
    expect(await takeRest(server, 2)).toEqual([sequence, next]);
    expect(stats(server)?.redelivered).toBe(3);
  });
});

describe("the window", () => {
  it("is what a member gets without acknowledging; the rest is for others", async () => {
    const server = await serve();
    const sequences = await publish(server, { count: 5_000 });
    const stream = clientOf(server.address).sub(manual);
    const iterator = stream[Symbol.asyncIterator]();
    const held = await take(iterator, 4_096);
    const waiting = iterator.next();
    const other = clientOf(server.address).sub(auto)[Symbol.asyncIterator]();
    const rest = await take(other, 904);
    expect(rest.map(({ sequence }) => sequence)).toEqual(sequences.slice(4_096));
    await other.return?.();
    // The last one is unacknowledged still: now there is room for it.
    stream.acknowledge(held[0]!);
    expect((await waiting).value?.sequence).toBe(sequences.at(-1));
    await iterator.return?.();
  });
});

describe("leaving", () => {
  it("by client.close() sends what was acknowledged", async () => {
    const server = await serve();
    const sequences = await publish(server, { count: 20 });
    const client = clientOf(server.address);
    const stream = client.sub({ ...manual, drainTimeoutMs: 50 });
    for (const alert of (await take(stream[Symbol.asyncIterator](), 20)).slice(0, 10))
      stream.acknowledge(alert);
    await client.close();
    await server.waitForSubscribers(0);
    expect(stats(server)).toMatchObject({ delivered: 10, waiting: 10 });
    expect(await takeRest(server, 10)).toEqual(sequences.slice(10));
  });

  it("by the signal, followed at once by client.close(), does so as well", async () => {
    const server = await serve();
    await publish(server, { count: 20 });
    const client = clientOf(server.address);
    const leaving = new AbortController();
    const stream = client.sub({ ...manual, signal: leaving.signal });
    const iterator = stream[Symbol.asyncIterator]();
    const alerts = await take(iterator, 20);
    const waiting = iterator.next();
    // The client is idle, and has yet to send it.
    await new Promise((resolve) => setImmediate(resolve));
    for (const alert of alerts) stream.acknowledge(alert);
    leaving.abort();
    await client.close();
    expect(await waiting).toEqual({ value: undefined, done: true });
    await server.waitForSubscribers(0);
    expect(stats(server)).toMatchObject({ delivered: 20, redelivered: 0, waiting: 0 });
  });

  it("ends the loop only when what was acknowledged has arrived", async () => {
    const server = await serve();
    await publish(server, { count: 20 });
    const leaving = new AbortController();
    const stream = clientOf(server.address).sub({ ...manual, signal: leaving.signal });
    const iterator = stream[Symbol.asyncIterator]();
    const alerts = await take(iterator, 20);
    const waiting = iterator.next();
    await new Promise((resolve) => setImmediate(resolve));
    for (const alert of alerts) stream.acknowledge(alert);
    leaving.abort();
    expect(await waiting).toEqual({ value: undefined, done: true });
    expect(stats(server)).toMatchObject({ delivered: 20 });
  });
});

describe("a stream that is stopped", () => {
  /** A stream of which five alerts are at work. */
  async function atWork(options: { drainTimeoutMs?: number } = {}) {
    const server = await serve();
    const sequences = await publish(server, { count: 10 });
    const client = clientOf(server.address);
    const stopping = new AbortController();
    const stream = client.sub({ ...manual, ...options, signal: stopping.signal });
    const iterator = stream[Symbol.asyncIterator]();
    const alerts = await take(iterator, 5);
    return { server, sequences, client, stopping, stream, iterator, alerts };
  }

  it("by its signal yields nothing more, and what it yielded can still be acknowledged", async () => {
    const { server, sequences, stopping, stream, iterator, alerts } = await atWork();
    stopping.abort();
    expect(await iterator.next()).toEqual({ value: undefined, done: true });
    for (const alert of alerts.reverse()) expect(stream.acknowledge(alert)).toBe(true);
    await server.waitForSubscribers(0);
    expect(stats(server)).toMatchObject({ delivered: 5, waiting: 5 });
    expect(await takeRest(server, 5)).toEqual(sequences.slice(5));
  });

  it("by close of its client, which waits for that", async () => {
    const { server, client, stream, alerts } = await atWork();
    let isClosed = false;
    const closing = client.close().then(() => {
      isClosed = true;
    });
    for (const alert of alerts) {
      expect(isClosed).toBe(false);
      expect(stream.acknowledge(alert)).toBe(true);
    }
    await closing;
    expect(stats(server)).toMatchObject({ members: 0, delivered: 5, waiting: 5 });
  });

  it("passes what is not acknowledged in time to others", async () => {
    const { server, sequences, client, stream, alerts } = await atWork({ drainTimeoutMs: 50 });
    stream.acknowledge(alerts[0]!);
    await client.close();
    expect(stream.acknowledge(alerts[1]!)).toBe(false);
    expect(await takeRest(server, 9)).toEqual(sequences.slice(1));
  });

  it("does not wait when it is left by break", async () => {
    const { server, sequences, iterator, stream, alerts } = await atWork();
    await iterator.return();
    expect(stream.acknowledge(alerts[0]!)).toBe(false);
    expect(await takeRest(server, 10)).toEqual(sequences);
  });

  it("with acknowledge: true lets the body finish also when the client is closed", async () => {
    const server = await serve();
    const sequences = await publish(server, { count: 3 });
    const client = clientOf(server.address);
    let closing: Promise<void> | undefined;
    for await (const _ of client.sub(auto)) closing = client.close();
    await closing;
    expect(await takeRest(server, 2)).toEqual(sequences.slice(1));
  });
});

describe("acknowledge", () => {
  it("says whether it counts", async () => {
    const server = await serve();
    await publish(server, { count: 2 });
    const proxy = await proxyTo(server.address);
    const stream = clientOf(proxy.address).sub({ ...manual, reconnect: { initialDelayMs: 1 } });
    const iterator = stream[Symbol.asyncIterator]();
    const [first, second] = await take(iterator, 2);
    expect(stream.acknowledge(first!)).toBe(true);
    expect(stream.acknowledge(first!)).toBe(false);
    await expect.poll(() => stats(server)?.delivered, patience).toBe(1);
    const again = iterator.next();
    proxy.cut();
    const { value } = await again;
    expect(value?.sequence).toBe(second!.sequence);
    expect(stream.acknowledge(second!)).toBe(false);
    expect(stream.acknowledge(value!)).toBe(true);
    await iterator.return();
  });

  it("refuses an alert that is not the stream's own", async () => {
    const server = await serve();
    await publish(server, { count: 1 });
    const client = clientOf(server.address);
    const stream = client.sub(manual);
    const iterator = stream[Symbol.asyncIterator]();
    const [alert] = await take(iterator, 1);
    const message = "acknowledge: expected an alert that this stream gave";
    for (const other of [structuredClone({ ...alert! }) as Alert, { ...alert! } as Alert]) {
      expect(() => stream.acknowledge(other)).toThrow(message);
    }
    expect(() => client.sub(manual).acknowledge(alert!)).toThrow(message);
    expect(stream.acknowledge(alert!)).toBe(true);
    await iterator.return();
  });
});
