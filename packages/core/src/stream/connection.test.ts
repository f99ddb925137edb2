import { Code, ConnectError, createRouterTransport, type Interceptor } from "@connectrpc/connect";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createClient } from "../client.js";
import { OutputsService, VersionService, versionHeader } from "../contract.js";
import type { SubOptions } from "./options.js";
import type { StreamStatus } from "./status.js";

const soon = { initialDelayMs: 1, maxDelayMs: 5 };
const patience = { timeout: 10_000, interval: 1 };

interface Serving {
  interceptors?: Interceptor[];
  /** How often the server ends the stream after one alert, before it holds it open. */
  endsAfterAlert?: number;
}

/** A client of Falco's own server in memory, and how many of its streams are open. */
function serve({ interceptors = [], endsAfterAlert = 0 }: Serving = {}) {
  const served = { calls: 0, open: 0 };
  const transport = createRouterTransport(
    (router) => {
      router.service(VersionService, { version: () => ({ version: "0.43.0" }) });
      router.service(OutputsService, {
        async *sub(_, { signal }) {
          served.calls++;
          served.open++;
          const ended = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
          void ended.then(() => served.open--);
          yield { rule: `call ${served.calls}` };
          if (served.calls > endsAfterAlert) await ended;
        },
      });
    },
    { transport: { interceptors } },
  );
  const client = createClient({ transport });
  onTestFinished(() => client.close());
  return { client, served };
}

/** Reads a stream to its end, in the background. */
function read({ client }: ReturnType<typeof serve>, options: SubOptions) {
  const rules: string[] = [];
  const ended = (async () => {
    for await (const { rule } of client.sub(options)) rules.push(rule);
  })();
  ended.catch(() => undefined);
  return { rules, ended };
}

/** Throws from its nth call on. */
function throwingFrom(nth: number, thrown: unknown): Interceptor {
  let calls = 0;
  return (next) => (request) => {
    if (++calls >= nth) throw thrown;
    return next(request);
  };
}

describe("what onStatus throws", () => {
  it.each<StreamStatus["type"]>(["connecting", "connected", "disconnected", "resumed"])(
    "reaches the caller as it is, and ends the stream: %s",
    async (type) => {
      const serving = serve({ endsAfterAlert: 1 });
      const thrown = new ConnectError("a bug of the caller's", Code.Unavailable);
      const onStatus = (status: StreamStatus) => {
        if (status.type === type) throw thrown;
      };
      await expect(read(serving, { onStatus, reconnect: soon }).ended).rejects.toBe(thrown);
      await expect.poll(() => serving.served.open, patience).toBe(0);
      const { calls } = serving.served;
      expect(calls).toBe({ connecting: 0, connected: 1, disconnected: 1, resumed: 2 }[type as "connected"]);
    },
  );

  it("ends the polling of Falco's own server, and every other timer", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const serving = serve();
    const thrown = new Error("a bug of the caller's");
    const onStatus = ({ type }: StreamStatus) => {
      if (type === "connected") throw thrown;
    };
    await expect(read(serving, { onStatus }).ended).rejects.toBe(thrown);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("what an interceptor throws", () => {
  it.each([1, 2])("reaches the caller as it is when it is a bug: connection %i", async (nth) => {
    const thrown = new TypeError("undefined is not a function");
    const serving = serve({ interceptors: [throwingFrom(nth, thrown)], endsAfterAlert: 1 });
    const reconnect = { ...soon, waitOnFirstConnect: true };
    await expect(read(serving, { reconnect }).ended).rejects.toBe(thrown);
    expect(serving.served.calls).toBe(nth - 1);
  });

  it("reaches the caller of version as it is", async () => {
    const thrown = new TypeError("undefined is not a function");
    const { client } = serve({ interceptors: [throwingFrom(1, thrown)] });
    await expect(client.version()).rejects.toBe(thrown);
  });
});

describe("the first connection that has to succeed", () => {
  it("is the client's, not each stream's", async () => {
    let failures = 0;
    const flaky: Interceptor = (next) => (request) => {
      if (failures-- > 0) throw new ConnectError("connection refused", Code.Unavailable);
      return next(request);
    };
    const serving = serve({ interceptors: [flaky] });
    failures = 1;
    await expect(read(serving, { reconnect: soon }).ended).rejects.toMatchObject({ code: Code.Unavailable });
    failures = 0;
    const first = read(serving, { reconnect: soon });
    await expect.poll(() => first.rules, patience).toEqual(["call 1"]);
    failures = 3;
    const statuses: string[] = [];
    const second = read(serving, { reconnect: soon, onStatus: ({ type }) => statuses.push(type) });
    await expect.poll(() => second.rules, patience).toEqual(["call 2"]);
    expect(statuses).toEqual([
      ...Array.from({ length: 3 }, () => ["connecting", "disconnected"]).flat(),
      "connecting",
      "connected",
    ]);
  });

  it("may be a call of version", async () => {
    let failures = 0;
    const flaky: Interceptor = (next) => (request) => {
      if (failures-- > 0) throw new ConnectError("connection refused", Code.Unavailable);
      return next(request);
    };
    const serving = serve({ interceptors: [flaky] });
    await serving.client.version();
    failures = 2;
    const { rules } = read(serving, { reconnect: soon });
    await expect.poll(() => rules, patience).toEqual(["call 1"]);
  });
});

describe("reconnect options that are undefined", () => {
  it("are the defaults", async () => {
    const serving = serve({ endsAfterAlert: 2 });
    const random = vi.spyOn(Math, "random").mockReturnValue(1);
    onTestFinished(() => void random.mockRestore());
    const undefinedOnes = { maxAttempts: undefined, initialDelayMs: undefined, maxDelayMs: undefined };
    const statuses: StreamStatus[] = [];
    const { rules } = read(serving, {
      // As JavaScript may have it.
      reconnect: undefinedOnes as object,
      onStatus: (status) => statuses.push(status),
    });
    await expect.poll(() => rules, patience).toEqual(["call 1", "call 2", "call 3"]);
    const waits = statuses.flatMap((status) => (status.type === "disconnected" ? [status.retryInMs] : []));
    expect(waits).toEqual([100, 100]);
  });
});

describe("a server that is not known yet", () => {
  /** A client of a server, or a proxy, that answers `version` so. */
  function answering(version: () => object, sub: () => void) {
    const transport = createRouterTransport((router) => {
      router.service(VersionService, { version });
      router.service(OutputsService, {
        async *sub(_, context) {
          sub();
          context.responseHeader.set(versionHeader, "1");
          context.responseHeader.set("falco-outputs-position", "0");
          yield { rule: "r" };
        },
      });
    });
    return createClient({ transport });
  }

  it("is tried again when a proxy answers in its place", async () => {
    let calls = 0;
    const client = answering(
      () => {
        if (++calls < 3)
          throw new ConnectError("no healthy upstream", Code.Unavailable, { "grpc-status": "14" });
        throw new ConnectError("unknown", Code.Unavailable, { "grpc-status": "14", [versionHeader]: "1" });
      },
      () => undefined,
    );
    const reconnect = { ...soon, waitOnFirstConnect: true };
    const errors: string[] = [];
    const onStatus = (status: StreamStatus) => {
      if (status.type === "disconnected") errors.push(status.error.message);
    };
    const next = client.sub({ broadcast: true, reconnect, onStatus })[Symbol.asyncIterator]().next();
    expect((await next).value?.rule).toBe("r");
    expect(errors).toEqual(
      Array(2).fill("version: something other than a Falco Outputs server answered: no healthy upstream"),
    );
    await client.close();
  });
});
