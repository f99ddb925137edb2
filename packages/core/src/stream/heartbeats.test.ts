import { Code, ConnectError, createRouterTransport, type HandlerContext } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { createClient } from "../client.js";
import {
  heartbeatHeader,
  type OutputsRequest,
  OutputsService,
  positionHeader,
  VersionService,
  versionHeader,
  windowHeader,
} from "../contract.js";
import type { SubOptions } from "./options.js";
import type { StreamStatus } from "./status.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Response = { rule?: string; sequence?: bigint; scanned?: bigint };

/** A call of `sub` as the server sees it: it sends when it is told to. */
class ServedCall {
  readonly acknowledged: bigint[] = [];
  readonly request: OutputsRequest;
  readonly signal: AbortSignal;
  #responses: Response[] = [];
  #wake: () => void = () => undefined;
  #failure: Error | undefined;

  constructor(request: OutputsRequest, { signal }: HandlerContext) {
    this.request = request;
    this.signal = signal;
    signal.addEventListener("abort", () => this.#wake());
  }

  send(...responses: Response[]): void {
    this.#responses.push(...responses);
    this.#wake();
  }

  fail(failure: Error): void {
    this.#failure = failure;
    this.#wake();
  }

  async *responses() {
    while (!this.signal.aborted) {
      yield* this.#responses.splice(0);
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#responses.length > 0) continue;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** A client of a server in memory, whose heartbeats come every 100 ms, or as `heartbeat` says. */
function serve(heartbeat = "100") {
  const calls: ServedCall[] = [];
  const transport = createRouterTransport((router) => {
    router.service(VersionService, {
      version: (_, { responseHeader }) => {
        responseHeader.set(versionHeader, "1");
        return {};
      },
    });
    router.service(OutputsService, {
      async *sub(requests, context) {
        const iterator = requests[Symbol.asyncIterator]();
        const call = new ServedCall((await iterator.next()).value!, context);
        calls.push(call);
        const { responseHeader } = context;
        responseHeader.set(versionHeader, "1");
        responseHeader.set(positionHeader, "0");
        responseHeader.set(windowHeader, "4");
        if (heartbeat !== "") responseHeader.set(heartbeatHeader, heartbeat);
        void (async () => {
          for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
            if (next.value.acknowledged !== undefined) call.acknowledged.push(next.value.acknowledged);
          }
        })().catch(() => undefined);
        // With it go the headers.
        yield { scanned: 1n };
        yield* call.responses();
      },
    });
  });
  const client = createClient({ transport, address: "in memory" });
  onTestFinished(() => client.close());
  const statuses: StreamStatus[] = [];
  const open = (options: Partial<SubOptions> = {}) =>
    client.sub({
      broadcast: true,
      reconnect: { initialDelayMs: 1, maxDelayMs: 1 },
      onStatus: (status: StreamStatus) => void statuses.push(status),
      ...options,
    } as SubOptions);
  return { calls, statuses, open };
}

/** Lets everything happen that does not wait for the time, and then `ms` pass. */
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

const alert = (sequence: bigint): Response => ({ rule: `rule ${sequence}`, sequence });

describe("a server that is silent", () => {
  it("is taken for lost after three intervals, and called again", async () => {
    const { calls, statuses, open } = serve();
    const iterator = open()[Symbol.asyncIterator]();
    const next = iterator.next();
    await pass(0);
    const connectedAt = Date.now();
    await pass(299);
    expect(statuses.map(({ type }) => type)).toEqual(["connecting", "connected"]);
    await pass(1);
    expect(statuses.at(-1)).toMatchObject({
      type: "disconnected",
      error: {
        message: "sub on in memory: nothing was heard for 300 ms: the connection is dead",
        code: Code.Unavailable,
        fromServer: false,
      },
      lastHeardAt: new Date(connectedAt),
    });
    expect(calls[0]!.signal.aborted).toBe(true);
    await pass(1);
    calls[1]!.send(alert(2n));
    expect((await next).value?.rule).toBe("rule 2");
  });

  it("ends a stream that does not come back", async () => {
    const { open } = serve();
    const next = open({ reconnect: false })[Symbol.asyncIterator]().next();
    const failed = expect(next).rejects.toMatchObject({ code: Code.Unavailable });
    await pass(300);
    await failed;
  });

  it("is no matter while the loop is busy", async () => {
    const { calls, statuses, open } = serve();
    const iterator = open()[Symbol.asyncIterator]();
    const first = iterator.next();
    await pass(0);
    calls[0]!.send(alert(2n));
    await first;
    await pass(10_000);
    const second = iterator.next();
    await pass(299);
    calls[0]!.send(alert(3n));
    expect((await second).value?.rule).toBe("rule 3");
    expect(statuses.at(-1)?.type).toBe("connected");
  });

  it("leaves no timer when the stream is left", async () => {
    const { open } = serve();
    const iterator = open({ broadcast: false } as object)[Symbol.asyncIterator]();
    const next = iterator.next();
    await pass(0);
    expect(vi.getTimerCount()).toBe(1);
    await iterator.return();
    expect(await next).toEqual({ value: undefined, done: true });
    await pass(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each(["", "99", "3600001", "-100", "1e3", "100, 100", "100.5"])(
    "is waited for where its header says %j",
    async (heartbeat) => {
      const { calls, statuses, open } = serve(heartbeat);
      const next = open()[Symbol.asyncIterator]().next();
      await pass(20_000_000);
      expect(statuses.map(({ type }) => type)).toEqual(["connecting", "connected"]);
      calls[0]!.send(alert(2n));
      await next;
    },
  );
});

describe("a heartbeat", () => {
  it("keeps the stream alive, and tells when the server was last heard", async () => {
    const { calls, statuses, open } = serve();
    const next = open()[Symbol.asyncIterator]().next();
    next.catch(() => undefined);
    await pass(0);
    for (let n = 0; n < 20; n++) {
      await pass(250);
      calls[0]!.send({ scanned: 5n });
      await pass(0);
    }
    expect(statuses.at(-1)?.type).toBe("connected");
    const lastHeardAt = new Date();
    await pass(300);
    expect(statuses.at(-1)).toMatchObject({ type: "disconnected", lastHeardAt });
  });

  it("never reaches a loop, a batch or a count", async () => {
    const { calls, open } = serve();
    const rules: string[] = [];
    const loop = (async () => {
      for await (const { rule } of open().take(2)) rules.push(rule);
    })();
    await pass(0);
    calls[0]!.send({ scanned: 1n }, alert(2n), { scanned: 3n }, { scanned: 4n }, alert(5n));
    await loop;
    expect(rules).toEqual(["rule 2", "rule 5"]);
    const batches = open().batches()[Symbol.asyncIterator]();
    const batch = batches.next();
    await pass(0);
    calls[1]!.send({ scanned: 1n }, alert(2n));
    expect((await batch).value?.map(({ rule }) => rule)).toEqual(["rule 2"]);
    await batches.return();
  });

  it("is not acknowledged", async () => {
    const { calls, open } = serve();
    const iterator = open({ broadcast: false, group: "pager", acknowledge: true } as object)[
      Symbol.asyncIterator
    ]();
    for (const sequence of [1n, 2n]) {
      const next = iterator.next();
      await pass(0);
      calls[0]!.send({ scanned: 9n }, { scanned: 9n }, alert(sequence));
      expect((await next).value?.sequence).toBe(sequence);
    }
    void iterator.next();
    await pass(10);
    expect(calls[0]!.acknowledged).toEqual([1n, 2n]);
  });

  it.each([
    ["a broadcast goes on after what the server has looked at", { broadcast: true }, 7n],
    ["a group keeps its place", { group: "pager", broadcast: false }, 2n],
  ])("%s", async (_, mode, after) => {
    const { calls, open } = serve();
    const iterator = open(mode as object)[Symbol.asyncIterator]();
    const first = iterator.next();
    await pass(0);
    calls[0]!.send(alert(2n), { scanned: 7n }, { scanned: 5n });
    expect((await first).value?.rule).toBe("rule 2");
    const second = iterator.next();
    await pass(301);
    expect(calls[1]!.request.after).toBe(after);
    calls[1]!.send(alert(8n));
    expect((await second).value?.rule).toBe("rule 8");
  });

  it("passes over no alert that arrived before it and was not taken yet", async () => {
    const { calls, open } = serve();
    const iterator = open()[Symbol.asyncIterator]();
    const first = iterator.next();
    await pass(0);
    calls[0]!.send(alert(2n), alert(3n), { scanned: 3n }, alert(4n));
    const rules = [(await first).value?.rule];
    for (let n = 0; n < 2; n++) rules.push((await iterator.next()).value?.rule);
    expect(rules).toEqual(["rule 2", "rule 3", "rule 4"]);
  });

  it("is no success: the waits of a server that sends nothing else grow", async () => {
    vi.spyOn(Math, "random").mockReturnValue(1);
    onTestFinished(() => void vi.restoreAllMocks());
    const { calls, statuses, open } = serve();
    void open({ reconnect: { initialDelayMs: 100, maxDelayMs: 10_000 } })
      [Symbol.asyncIterator]()
      .next();
    for (const waitMs of [100, 200, 400, 800]) {
      await pass(0);
      calls.at(-1)!.send({ scanned: 5n });
      await pass(0);
      calls.at(-1)!.fail(new ConnectError("the server is broken", Code.Unavailable));
      await pass(0);
      expect(statuses.at(-1)).toMatchObject({ type: "disconnected", retryInMs: waitMs });
      await pass(waitMs);
    }
  });
});
