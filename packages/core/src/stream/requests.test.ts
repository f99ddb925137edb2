import { create } from "@bufbuild/protobuf";
import { createRouterTransport } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Client, createClient } from "../client.js";
import { type OutputsRequest, OutputsRequestSchema, OutputsService, versionHeader } from "../contract.js";
import { Code } from "../error.js";
import { Requests } from "./requests.js";

const request = (acknowledged?: bigint) =>
  create(OutputsRequestSchema, acknowledged === undefined ? {} : { acknowledged });

describe("Requests", () => {
  it("has one request from the start, and keeps one that was not taken yet", async () => {
    const requests = new Requests(request());
    requests.send(request(1n));
    requests.send(request(2n));
    // The first one says what the stream is for; of the others the last is enough.
    expect((await requests.next()).value).not.toHaveProperty("acknowledged");
    expect(await requests.next()).toMatchObject({ value: { acknowledged: 2n } });
    const waiting = requests.next();
    expect(await Promise.race([waiting, Promise.resolve("waits")])).toBe("waits");
    requests.send(request());
    requests.send(request());
    requests.send(request());
    expect((await waiting).done).toBe(false);
    expect((await requests.next()).done).toBe(false);
    expect(await Promise.race([requests.next(), Promise.resolve("waits")])).toBe("waits");
  });

  it.each(["end", "return", "throw"] as const)("is over by %s, also for one who waits", async (how) => {
    const requests = new Requests(request());
    await requests.next();
    const waiting = requests.next();
    await requests[how]();
    expect(await waiting).toEqual({ value: undefined, done: true });
    requests.send(request());
    expect(await requests.next()).toEqual({ value: undefined, done: true });
  });
});

describe("polling", () => {
  let client: Client;
  let polls: number;
  beforeEach(() => {
    polls = 0;
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  });
  afterEach(async () => {
    await client.close();
    vi.useRealTimers();
  });

  /** As Falco 0.43: reads one request, drains the queue, reads the next; headers come with the first alert. */
  function falco(queue: string[]): Client {
    return serve(async function* (requests) {
      for await (const _ of requests) {
        polls++;
        while (queue.length > 0) yield { rule: queue.shift()! };
      }
    });
  }

  function serve(
    sub: (requests: AsyncIterable<OutputsRequest>) => AsyncIterable<{ rule: string }>,
    headers: Record<string, string> = {},
  ): Client {
    const transport = createRouterTransport((router) => {
      router.service(OutputsService, {
        sub: (requests, context) => {
          for (const [name, value] of Object.entries(headers)) context.responseHeader.set(name, value);
          return sub(requests);
        },
      });
    });
    client = createClient({ transport });
    return client;
  }

  /** Lets an interval pass, and everything that follows from it. */
  async function interval(ms: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(ms);
    await new Promise((resolve) => setTimeout(resolve));
  }

  it("brings every alert of a server that answers only to requests", async () => {
    const queue = ["a", "b"];
    const iterator = falco(queue).sub()[Symbol.asyncIterator]();
    const next = async () => (await iterator.next()).value?.rule;
    expect([await next(), await next()]).toEqual(["a", "b"]);
    queue.push("c", "d");
    const later = [next(), next()];
    while (queue.length > 0) await interval(100);
    expect(await Promise.all(later)).toEqual(["c", "d"]);
  });

  it("asks at a fixed interval, whether alerts come or not", async () => {
    const queue: string[] = [];
    const iterator = falco(queue).sub({ pollIntervalMs: 1000 })[Symbol.asyncIterator]();
    const first = iterator.next();
    while (polls === 0) await interval(0);
    await interval(999);
    expect(polls).toBe(1);
    await interval(1);
    expect(polls).toBe(2);
    queue.push("a");
    await interval(1000);
    expect((await first).value?.rule).toBe("a");
    expect(polls).toBe(3);
    const second = iterator.next();
    // An alert came in this interval.
    await interval(1000);
    expect(polls).toBe(4);
    await iterator.return!();
    expect((await second).done).toBe(true);
    await interval(10_000);
    expect(polls).toBe(4);
  });

  it("asks a server of ours once", async () => {
    const server = async function* (requests: AsyncIterable<OutputsRequest>) {
      const counted = (async () => {
        for await (const _ of requests) polls++;
      })();
      yield { rule: "a" };
      await counted;
    };
    const iterator = serve(server, { [versionHeader]: "1" })
      .sub()
      [Symbol.asyncIterator]();
    expect((await iterator.next()).value?.rule).toBe("a");
    expect(vi.getTimerCount()).toBe(0);
    const waiting = iterator.next();
    await interval(10_000);
    expect(polls).toBe(1);
    await iterator.return!();
    expect((await waiting).done).toBe(true);
  });

  it("stops when the call fails", async () => {
    const server = () => {
      throw new Error("broken");
    };
    await expect(serve(server).sub()[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: Code.Internal,
    });
    expect(vi.getTimerCount()).toBe(0);
  });
});
