import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { Code, type StreamStatus, type SubOptions } from "@falco-outputs/core";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { proxyTo } from "./proxy.js";
import { clientOf, publish, scratchFolder, serve, startOldFalco } from "./test-server.js";

const patience = { timeout: 10_000, interval: 1 };
const soon = { initialDelayMs: 1, maxDelayMs: 5 };

/** Reads a stream to its end, in the background. */
function read(address: string, options: SubOptions, connectTimeoutMs = 5_000) {
  const statuses: StreamStatus[] = [];
  const sequences: bigint[] = [];
  const ended = (async () => {
    const client = clientOf(address, { connectTimeoutMs });
    for await (const { sequence } of client.sub({
      ...options,
      onStatus: (status) => statuses.push(status),
    })) {
      sequences.push(sequence);
    }
  })();
  ended.catch(() => undefined);
  return { ended, sequences, statuses, types: () => statuses.map(({ type }) => type) };
}

describe("a first connection that fails", () => {
  it("is an error at once", async () => {
    const address = join(scratchFolder(), "falco.sock");
    const { ended, types } = read(address, { broadcast: true });
    await expect(ended).rejects.toMatchObject({ code: Code.Unavailable, fromServer: false });
    expect(types()).toEqual(["connecting"]);
  });

  it("is an error also when nobody answers for as long as it may take", async () => {
    const address = join(scratchFolder(), "mute.sock");
    const mute = createServer((socket) => socket.on("error", () => undefined));
    await once(mute.listen(address), "listening");
    onTestFinished(() => void mute.close());
    const { ended, types } = read(address, {}, 500);
    await expect(ended).rejects.toMatchObject({ code: Code.Unavailable });
    expect(types()).toEqual(["connecting"]);
  });

  it("is none when it held, though Falco's own server said nothing", async () => {
    const folder = scratchFolder();
    const connectTimeoutMs = 300;
    const falco = await startOldFalco(folder);
    const started = Date.now();
    const { types } = read(falco.address, { reconnect: soon, pollIntervalMs: 5 }, connectTimeoutMs);
    await expect.poll(() => falco.polls, patience).toBeGreaterThan(0);
    await expect.poll(() => Date.now() - started, patience).toBeGreaterThan(2 * connectTimeoutMs + 10);
    await falco.stop();
    await expect.poll(types, patience).toContain("disconnected");
    const again = await startOldFalco(folder);
    again.raise("one");
    await expect.poll(types, patience).toContain("connected");
  });

  it("is waited out if told to", async () => {
    const address = join(scratchFolder(), "falco.sock");
    const { sequences, types } = read(address, {
      broadcast: true,
      reconnect: { ...soon, waitOnFirstConnect: true },
    });
    await expect
      .poll(() => types().filter((type) => type === "disconnected").length, patience)
      .toBeGreaterThan(1);
    const server = await serve({ listen: [address] });
    await server.waitForSubscribers(1);
    const published = await publish(server, { count: 1 });
    await expect.poll(() => sequences, patience).toEqual(published);
    expect(types().join(" ")).toMatch(/^(connecting disconnected )+connecting connected$/);
  });
});

describe("maxAttempts", () => {
  it("is how many attempts may fail after the connection was lost", async () => {
    const server = await serve();
    const { ended, statuses, types } = read(server.address, {
      broadcast: true,
      reconnect: { ...soon, maxAttempts: 3 },
    });
    await expect.poll(types, patience).toContain("connected");
    await server.stop();
    await expect(ended).rejects.toMatchObject({ code: Code.Unavailable });
    expect(types()).toEqual([
      ...["connecting", "connected"],
      ...["disconnected", "connecting", "disconnected", "connecting", "disconnected", "connecting"],
    ]);
    const waits = statuses.flatMap((status) => (status.type === "disconnected" ? [status.retryInMs] : []));
    expect(Math.max(...waits)).toBeLessThanOrEqual(soon.maxDelayMs);
  });

  it("counts no attempt that succeeded, even if no alert came", async () => {
    const server = await serve();
    const proxy = await proxyTo(server.address);
    const { sequences, statuses, types } = read(proxy.address, {
      broadcast: true,
      reconnect: { ...soon, maxAttempts: 1 },
    });
    await expect.poll(types, patience).toContain("connected");
    for (let cut = 1; cut <= 5; cut++) {
      proxy.cut();
      await expect.poll(() => types().filter((type) => type === "resumed").length, patience).toBe(cut);
    }
    await server.waitForSubscribers(1);
    const published = await publish(server, { count: 1 });
    await expect.poll(() => sequences, patience).toEqual(published);
    const attempts = statuses.flatMap((status) => (status.type === "connecting" ? [status.attempt] : []));
    expect(attempts).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it("0 and `reconnect: false` end the stream with the connection", async () => {
    for (const reconnect of [{ maxAttempts: 0 }, false] as const) {
      const server = await serve();
      const { ended, types } = read(server.address, { broadcast: true, reconnect });
      await expect.poll(types, patience).toContain("connected");
      await server.stop();
      await expect(ended).rejects.toMatchObject({ code: Code.Unavailable, fromServer: true });
      expect(types()).toEqual(["connecting", "connected"]);
    }
  });
});

describe("what the server refuses", () => {
  it("is not tried again", async () => {
    const server = await serve();
    const first = read(server.address, { group: "pager", minPriority: "warning" });
    await server.waitForSubscribers(1);
    const reconnect = { ...soon, waitOnFirstConnect: true };
    const second = read(server.address, { group: "pager", minPriority: "debug", reconnect });
    await expect(second.ended).rejects.toMatchObject({ code: Code.FailedPrecondition, fromServer: true });
    expect(second.types()).toEqual(["connecting"]);
    expect(first.types()).toEqual(["connecting", "connected"]);
  });

  it("is the end of a stream that comes back, too", async () => {
    const server = await serve();
    const proxy = await proxyTo(server.address);
    const away = read(proxy.address, { group: "pager", minPriority: "warning", reconnect: soon });
    await expect.poll(away.types, patience).toContain("connected");
    proxy.refusing = true;
    proxy.cut();
    await server.waitForSubscribers(0);
    read(server.address, { group: "pager", minPriority: "debug" });
    await server.waitForSubscribers(1);
    proxy.refusing = false;
    await expect(away.ended).rejects.toMatchObject({ code: Code.FailedPrecondition, fromServer: true });
  });
});

describe("the wait before an attempt", () => {
  /** A stream that lost its connection and would come back in a minute. */
  async function waiting(options: SubOptions) {
    // The jitter at its most.
    const random = vi.spyOn(Math, "random").mockReturnValue(1);
    onTestFinished(() => void random.mockRestore());
    const server = await serve();
    const stream = read(server.address, {
      ...options,
      reconnect: { initialDelayMs: 60_000, maxDelayMs: 60_000 },
    });
    await expect.poll(stream.types, patience).toContain("connected");
    await server.stop();
    await expect.poll(stream.types, patience).toContain("disconnected");
    return stream;
  }

  it("ends at once, without an error, with the signal", async () => {
    const leaving = new AbortController();
    const { ended } = await waiting({ broadcast: true, signal: leaving.signal });
    leaving.abort();
    await ended;
  });

  it("ends at the deadline, which spans the reconnections", async () => {
    const { ended } = await waiting({ broadcast: true, timeoutMs: 2_000 });
    await expect(ended).rejects.toMatchObject({ code: Code.DeadlineExceeded });
  });
});

it("a stream has one deadline, however often it reconnects", async () => {
  const server = await serve();
  const proxy = await proxyTo(server.address);
  const { ended, types } = read(proxy.address, { broadcast: true, timeoutMs: 2_000, reconnect: soon });
  await expect.poll(types, patience).toContain("connected");
  let connections = 0;
  const cutting = setInterval(() => {
    connections = types().filter((type) => type === "connected" || type === "resumed").length;
    proxy.cut();
  }, 100);
  await expect(ended.finally(() => clearInterval(cutting))).rejects.toMatchObject({
    code: Code.DeadlineExceeded,
  });
  expect(connections).toBeGreaterThan(1);
});

describe("a broadcast that comes back", () => {
  it("neither misses nor doubles one of 10,000 alerts when the connection is cut again and again", async () => {
    const server = await serve();
    const proxy = await proxyTo(server.address);
    const { sequences, types } = read(proxy.address, { broadcast: true, reconnect: soon });
    await server.waitForSubscribers(1);
    let cuts = 0;
    const published = await publish(server, {
      count: 10_000,
      atOnce: 100,
      before: async (count) => {
        // Now and then, each time after another number of alerts that are on their way.
        if (count % 500 !== 400) return;
        await expect.poll(() => sequences.length, patience).toBeGreaterThan(count - 400);
        proxy.cut();
        cuts++;
      },
    });
    await expect.poll(() => sequences.at(-1), patience).toBe(published.at(-1));
    expect(sequences).toEqual(published);
    expect(cuts).toBe(20);
    expect(types().filter((type) => type === "resumed").length).toBeGreaterThanOrEqual(5);
  }, 30_000);

  it("misses nothing when it was cut before its first alert", async () => {
    const server = await serve();
    const proxy = await proxyTo(server.address);
    const { sequences, types } = read(proxy.address, { broadcast: true, reconnect: soon });
    await expect.poll(types, patience).toContain("connected");
    proxy.refusing = true;
    proxy.cut();
    await server.waitForSubscribers(0);
    const published = await publish(server, { count: 10 });
    proxy.refusing = false;
    await expect.poll(() => sequences, patience).toEqual(published);
  });

  it("misses nothing of a new log when it was cut before that log's first alert", async () => {
    const listen = [join(scratchFolder(), "falco.sock")];
    const first = await serve({ listen });
    const proxy = await proxyTo(first.address);
    const { sequences, statuses, types } = read(proxy.address, { broadcast: true, reconnect: soon });
    await expect.poll(types, patience).toContain("connected");
    const old = await publish(first, { count: 1 });
    await expect.poll(() => sequences, patience).toEqual(old);
    await first.stop();
    const second = await serve({ listen });
    await expect.poll(types, patience).toContain("lost");
    expect(statuses.at(-1)).toMatchObject({ loss: { cause: "restart", causeText: "restart" } });
    proxy.refusing = true;
    proxy.cut();
    await second.waitForSubscribers(0);
    const published = await publish(second, { count: 10 });
    proxy.refusing = false;
    await expect.poll(() => sequences, patience).toEqual([...old, 0n, ...published]);
  });
});

describe("the wait before another attempt", () => {
  it("is the same for all streams of a client", async () => {
    const random = vi.spyOn(Math, "random").mockReturnValueOnce(1).mockReturnValue(0);
    onTestFinished(() => void random.mockRestore());
    const client = clientOf(join(scratchFolder(), "nobody.sock"));
    const first: number[] = [];
    for (let count = 0; count < 3; count++) {
      let isFirst = true;
      const onStatus = (status: StreamStatus) => {
        if (status.type === "disconnected" && isFirst) first.push(status.retryInMs);
        if (status.type === "disconnected") isFirst = false;
      };
      const reconnect = { waitOnFirstConnect: true, initialDelayMs: 60_000, maxDelayMs: 60_000 };
      void client.sub({ reconnect, onStatus })[Symbol.asyncIterator]().next();
    }
    await expect.poll(() => first.length, { timeout: 10_000 }).toBe(3);
    // Had each stream decided for itself, two would not wait.
    expect(first.every((ms) => ms > 0)).toBe(true);
  });

  it("is at most a second on a unix socket", async () => {
    const random = vi.spyOn(Math, "random").mockReturnValue(1);
    onTestFinished(() => void random.mockRestore());
    const waits: number[] = [];
    const onStatus = (status: StreamStatus) => {
      if (status.type === "disconnected") waits.push(status.retryInMs);
    };
    const reconnect = { waitOnFirstConnect: true, initialDelayMs: 600 };
    void clientOf(join(scratchFolder(), "nobody.sock"))
      .sub({ reconnect, onStatus })
      [Symbol.asyncIterator]()
      .next();
    await expect.poll(() => waits.slice(0, 2), { timeout: 10_000 }).toEqual([600, 1_000]);
  });
});
