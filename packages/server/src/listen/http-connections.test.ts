import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { request as send } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { silent } from "../logger.js";
import { listenHttp } from "./http-listener.js";
import type { HttpLimits } from "./http-server.js";

/** Times that pass soon, and others that do not within a test. */
const [soonMs, neverMs] = [200, 3_600_000];
const never = { headersTimeout: neverMs, requestTimeout: neverMs, idleMs: neverMs };
const post = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n";

/** A listener that answers 200 once a request has arrived. */
async function listen(limits: Partial<HttpLimits>, address = "127.0.0.1:0") {
  const listener = await listenHttp(
    { option: "inputs.http[0]", options: { address } },
    {
      handlers: () => ({
        onRequest: (request, response) => void request.resume().on("end", () => response.end()),
      }),
      onStranger: () => undefined,
    },
    silent,
    { ...never, connectionsCheckingInterval: 20, ...limits },
  );
  onTestFinished(() => listener.close());
  return listener;
}

/** What a peer hears on a connection of its own. */
class Peer {
  readonly socket: Socket;
  heard = "";
  readonly ended: Promise<unknown>;

  constructor(url: string) {
    this.socket = url.startsWith("unix:")
      ? connect(url.replace("unix://", ""))
      : connect(Number(new URL(url).port), "127.0.0.1");
    this.ended = new Promise((resolve) => this.socket.once("close", resolve));
    this.socket.on("error", () => undefined);
    this.socket.setEncoding("utf8").on("data", (text) => {
      this.heard += text;
    });
    onTestFinished(() => void this.socket.destroy());
  }

  /** The statuses of all answers. */
  get statuses(): number[] {
    return [...this.heard.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));
  }

  async say(text: string): Promise<void> {
    await new Promise((resolve) => this.socket.write(text, resolve));
  }

  async post(): Promise<void> {
    const answers = this.statuses.length;
    await this.say(post);
    await expect.poll(() => this.statuses.length).toBe(answers + 1);
  }
}

describe("a connection", () => {
  it.each([
    ["begins a head and stops", { headersTimeout: soonMs }, "POST / HT", [408]],
    [
      "begins a body and stops",
      { headersTimeout: soonMs, requestTimeout: soonMs },
      post.replace("0", "10"),
      [408],
    ],
    ["is unused for long", { idleMs: soonMs }, post, [200]],
    ["says nothing for long", { idleMs: soonMs }, "", []],
    ["is not HTTP", {}, "hello\r\n\r\n", [400]],
    ["has a head that is too large", {}, `GET /${"x".repeat(20_000)} HTTP/1.1\r\n\r\n`, [431]],
  ])("that %s is closed", async (_, limits, text, statuses) => {
    const peer = new Peer((await listen(limits)).url);
    if (text !== "") await peer.say(text);
    await peer.ended;
    expect(peer.statuses).toEqual(statuses);
  });

  it("that was opened ahead of need is idle, and not late", async () => {
    const { url } = await listen({ headersTimeout: 20, requestTimeout: 20 });
    const ahead = new Peer(url);
    await once(ahead.socket, "connect");
    // One that is late is told so by the same look at all connections.
    const late = new Peer(url);
    await late.say("POST / HT");
    await late.ended;
    expect(late.statuses).toEqual([408]);
    await ahead.post();
    expect(ahead.statuses).toEqual([200]);
  });

  it("that has just got bytes is not closed as idle", async () => {
    const { url } = await listen({ idleMs: 100 });
    const peer = new Peer(url);
    await peer.post();
    for (let times = 0; times < 5; times++) {
      // They arrive while the server is at work with something else, for longer than a connection may be idle.
      const answered = peer.post();
      const until = performance.now() + 300;
      while (performance.now() < until);
      await answered;
    }
    expect(peer.statuses).toEqual([200, 200, 200, 200, 200, 200]);
  });

  it("is kept while others come and go, and the one that is unused for longest makes room", async () => {
    const folder = mkdtempSync(join(tmpdir(), "http-connections-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const { url } = await listen({ maxConnections: 20 }, `unix://${join(folder, "in.sock")}`);
    const busy = new Peer(url);
    await busy.post();
    const idle = new Peer(url);
    await idle.post();
    const hoarders: Peer[] = [];
    for (let index = 0; index < 100; index++) {
      const hoarder = new Peer(url);
      hoarders.push(hoarder);
      await once(hoarder.socket, "connect");
      await hoarder.say("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{");
      await busy.post();
    }
    const newcomer = new Peer(url);
    await newcomer.post();
    await idle.ended;
    await Promise.all(hoarders.slice(0, 80).map(({ ended }) => ended));
    expect(new Set(busy.statuses)).toEqual(new Set([200]));
    expect(busy.statuses).toHaveLength(101);
  });
});

it("a stop does not wait for connections that are quiet", async () => {
  const listener = await listen({});
  const [used, unused] = [new Peer(listener.url), new Peer(listener.url)];
  await once(unused.socket, "connect");
  await used.post();
  await listener.close();
  await Promise.all([used.ended, unused.ended]);
  await expect(
    new Promise((resolve, reject) => send(listener.url, resolve).on("error", reject).end()),
  ).rejects.toThrow("ECONNREFUSED");
});
