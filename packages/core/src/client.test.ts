import {
  Code,
  ConnectError,
  createRouterTransport,
  type HandlerContext,
  type ServiceImpl,
} from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Alert } from "./alert-message.js";
import { type Client, createClient } from "./client.js";
import { OutputsService, VersionService } from "./contract.js";
import { FalcoError } from "./error.js";
import { createTransportClient } from "./transport.js";

type Outputs = ServiceImpl<typeof OutputsService>;

let contexts: HandlerContext[];
let client: Client;
beforeEach(() => {
  contexts = [];
});
afterEach(() => client.close());

/** A client of a server whose `sub` and `get` yield what `alerts` does. */
function serve(
  alerts: (context: HandlerContext) => AsyncIterable<{ rule: string }>,
  version: ServiceImpl<typeof VersionService>["version"] = () => ({}),
): Client {
  const handler = (context: HandlerContext) => {
    contexts.push(context);
    return alerts(context);
  };
  const outputs: Outputs = { sub: (_, context) => handler(context), get: (_, context) => handler(context) };
  const transport = createRouterTransport((router) => {
    router.service(OutputsService, outputs);
    router.service(VersionService, { version });
  });
  client = createClient({ transport, address: "in memory" });
  return client;
}

/** How a `next` ends. A `get` that was not left on purpose has to say that it is not complete. */
function endOf(method: "sub" | "get", how: "return" | "signal" | "close") {
  if (method === "sub" || how === "return") return { status: "fulfilled", value: done };
  const reason = expect.objectContaining({ name: "FalcoError", code: Code.Canceled, fromServer: false });
  return { status: "rejected", reason };
}

/** Yields alerts named by number, then waits for the call's end. */
async function* alertsThenSilence({ signal }: HandlerContext, count = 0) {
  for (let n = 1; n <= count; n++) yield { rule: `rule ${n}` };
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
}

async function* alertsOnly(...rules: string[]) {
  for (const rule of rules) yield { rule };
}

/** Resolves when the server saw the end of its only call. */
function callEnded(): Promise<void> {
  return vi.waitFor(() => expect(contexts.map(({ signal }) => signal.aborted)).toEqual([true]));
}

function callStarted(): Promise<void> {
  return vi.waitFor(() => expect(contexts).toHaveLength(1));
}

const done = { value: undefined, done: true };
async function rulesOf(stream: AsyncIterable<Alert>): Promise<string[]> {
  const rules: string[] = [];
  for await (const { rule } of stream) rules.push(rule);
  return rules;
}

describe.each(["sub", "get"] as const)("%s", (method) => {
  // What a stream does about a lost connection is not the matter here.
  const once = { reconnect: false } as const;

  it("yields alerts until the server ends the call", async () => {
    const stream = serve(() => alertsOnly("a", "b"))[method](once);
    const iterator = stream[Symbol.asyncIterator]();
    const first = await iterator.next();
    expect(JSON.parse(JSON.stringify(first.value))).toMatchObject({ rule: "a", priority: "Emergency" });
    expect((await iterator.next()).value?.rule).toBe("b");
    expect(await iterator.next()).toEqual(done);
    expect(await iterator.next()).toEqual(done);
  });

  it("ends the call when the loop is left", async () => {
    for await (const alert of serve((context) => alertsThenSilence(context, 2))[method]()) {
      expect(alert.rule).toBe("rule 1");
      break;
    }
    await callEnded();
  });

  it("ends the call when the loop's body throws", async () => {
    const loop = async () => {
      for await (const { rule } of serve((context) => alertsThenSilence(context, 2))[method]())
        throw new Error(rule);
    };
    await expect(loop()).rejects.toThrow("rule 1");
    await callEnded();
  });

  it.each(["return", "signal", "close"] as const)(
    "ends at once by %s, while alerts are awaited",
    async (how) => {
      const controller = new AbortController();
      const stream = serve((context) => alertsThenSilence(context, 1))[method]({ signal: controller.signal });
      const iterator = stream[Symbol.asyncIterator]();
      await iterator.next();
      const waiting = [iterator.next(), iterator.next()];
      if (how === "return") expect(await iterator.return!()).toEqual(done);
      if (how === "signal") controller.abort(new Error("a reason that is nobody's error"));
      if (how === "close") await client.close();
      const [first, second] = await Promise.allSettled(waiting);
      expect(first).toEqual(endOf(method, how));
      expect(second).toEqual({ status: "fulfilled", value: done });
      expect(await iterator.next()).toEqual(done);
      await callEnded();
    },
  );

  it.each(["return", "signal", "close"] as const)(
    "can be ended by %s in the moment it starts",
    async (how) => {
      const controller = new AbortController();
      const stream = serve((context) => alertsThenSilence(context))[method]({ signal: controller.signal });
      const iterator = stream[Symbol.asyncIterator]();
      const first = iterator.next();
      if (how === "return") void iterator.return!();
      if (how === "signal") controller.abort();
      if (how === "close") void client.close();
      expect((await Promise.allSettled([first]))[0]).toEqual(endOf(method, how));
      await vi.waitFor(() => expect(contexts.every(({ signal }) => signal.aborted)).toBe(true));
    },
  );

  it("finishes the loop's body after the signal, and then the loop", async () => {
    const controller = new AbortController();
    const seen: string[] = [];
    const stream = serve((context) => alertsThenSilence(context, 3))[method]({ signal: controller.signal });
    const loop = async () => {
      for await (const { rule } of stream) {
        controller.abort();
        await callEnded();
        seen.push(rule);
      }
      return done;
    };
    expect((await Promise.allSettled([loop()]))[0]).toEqual(endOf(method, "signal"));
    expect(seen).toEqual(["rule 1"]);
  });

  it("never opens a call for a signal that aborted before, nor before next", async () => {
    const stream = serve((context) => alertsThenSilence(context))[method]({ signal: AbortSignal.abort() });
    const [ended] = await Promise.allSettled([stream[Symbol.asyncIterator]().next()]);
    expect(ended).toEqual(endOf(method, "signal"));
    const unused = client[method]()[Symbol.asyncIterator]();
    expect(await unused.return!()).toEqual(done);
    expect(await unused.next()).toEqual(done);
    expect(contexts).toEqual([]);
  });

  it("answers calls of next in their order, also when they do not wait for each other", async () => {
    const iterator = serve((context) => alertsThenSilence(context, 5))
      [method]()
      [Symbol.asyncIterator]();
    const results = await Promise.all(Array.from({ length: 5 }, () => iterator.next()));
    expect(results.map(({ value }) => value?.rule)).toEqual([1, 2, 3, 4, 5].map((n) => `rule ${n}`));
  });

  it("opens a call for each iteration", async () => {
    let calls = 0;
    const stream = serve(() => alertsOnly(`call ${++calls}`))[method](once);
    expect([await rulesOf(stream), await rulesOf(stream)]).toEqual([["call 1"], ["call 2"]]);
  });

  it("throws what the server says, once", async () => {
    const stream = serve(async function* () {
      yield { rule: "before" };
      throw new ConnectError("the group is full", Code.ResourceExhausted);
    })[method](once);
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    const [first, second] = await Promise.allSettled([iterator.next(), iterator.next()]);
    expect(second).toEqual({ status: "fulfilled", value: done });
    const error = (first as PromiseRejectedResult).reason;
    expect(error).toBeInstanceOf(FalcoError);
    expect(error).toMatchObject({
      message: `${method} on in memory: the group is full`,
      code: Code.ResourceExhausted,
      codeName: "RESOURCE_EXHAUSTED",
      tried: `${method} on in memory`,
      fromServer: true,
      cause: expect.any(ConnectError),
    });
    expect(await iterator.next()).toEqual(done);
  });

  it("fails at its deadline", async () => {
    const stream = serve((context) => alertsThenSilence(context, 1))[method]({ timeoutMs: 30.5 });
    const rules: string[] = [];
    const loop = async () => {
      for await (const { rule } of stream) rules.push(rule);
    };
    await expect(loop()).rejects.toMatchObject({ name: "FalcoError", code: Code.DeadlineExceeded });
    expect(rules).toEqual(["rule 1"]);
    await callEnded();
  });

  it("sends the caller's headers, and says whose client it is", async () => {
    const headers = { "x-team": "blue", "falco-outputs-version": "0" };
    await rulesOf(serve(() => alertsOnly())[method]({ ...once, headers }));
    const { requestHeader } = contexts[0]!;
    expect(requestHeader.get("x-team")).toBe("blue");
    expect(requestHeader.get("falco-outputs-version")).toBe("1");
    expect(headers["falco-outputs-version"]).toBe("0");
  });

  it("throws once the client is closed", async () => {
    const stream = serve(() => alertsOnly())[method]();
    await client.close();
    const closed = `${method} on in memory: the client is closed`;
    for (const iterate of [
      () => stream[Symbol.asyncIterator](),
      () => client[method]()[Symbol.asyncIterator](),
    ]) {
      expect(iterate).toThrow(expect.objectContaining({ message: closed, code: Code.FailedPrecondition }));
    }
  });
});

describe("version", () => {
  const nothing = () => alertsOnly();

  it("returns the parts of Falco's version, and nothing else", async () => {
    const version = await serve(nothing, () => ({ version: "0.43.1", minor: 43, patch: 1 })).version();
    expect(version).toMatchObject({ version: "0.43.1", major: 0, minor: 43, patch: 1 });
    expect(Object.keys(version).filter((name) => name.startsWith("$"))).toEqual([]);
  });

  it("sends headers, and throws what the server says", async () => {
    const error = serve(nothing, (_, { requestHeader }) => {
      throw new ConnectError(`${requestHeader.get("x-team")}`, Code.Unavailable);
    }).version({ headers: { "x-team": "blue" } });
    await expect(error).rejects.toMatchObject({
      message: "version on in memory: blue",
      code: Code.Unavailable,
      fromServer: true,
    });
  });

  it.each<[string, number | undefined, Code]>([
    ["its deadline", 20.5, Code.DeadlineExceeded],
    ["the signal", undefined, Code.Canceled],
    ["close", undefined, Code.Canceled],
  ])("ends by %s", async (how, timeoutMs, code) => {
    serve(nothing, async (_, context) => {
      contexts.push(context);
      await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
      return {};
    });
    const controller = new AbortController();
    const call = client.version({ signal: controller.signal, ...(timeoutMs !== undefined && { timeoutMs }) });
    call.catch(() => undefined);
    await callStarted();
    if (how === "the signal") controller.abort();
    if (how === "close") await client.close();
    await expect(call).rejects.toMatchObject({ name: "FalcoError", code, fromServer: false });
    await callEnded();
  });

  it("throws once the client is closed", async () => {
    await serve(nothing).close();
    await expect(client.version()).rejects.toMatchObject({ code: Code.FailedPrecondition });
  });
});

describe("take", () => {
  it.each(["sub", "get"] as const)("ends %s after so many alerts, without an error", async (method) => {
    const stream = serve((context) => alertsThenSilence(context, 5))[method]();
    expect(await rulesOf(stream.take(3))).toEqual(["rule 1", "rule 2", "rule 3"]);
    await callEnded();
  });

  it("ends with the stream, if that has fewer", async () => {
    expect(
      await rulesOf(
        serve(() => alertsOnly("a", "b"))
          .get()
          .take(3),
      ),
    ).toEqual(["a", "b"]);
  });

  it.each([0, -1, 1.5, Number.NaN])("%s is refused", (count) => {
    expect(() =>
      serve(() => alertsOnly())
        .sub()
        .take(count),
    ).toThrow(/^count: .*, expected a whole number of at least 1$/);
  });
});

describe("first", () => {
  it("is the first alert, after which the stream ends", async () => {
    expect(
      (
        await serve((context) => alertsThenSilence(context, 2))
          .sub()
          .first()
      )?.rule,
    ).toBe("rule 1");
    await callEnded();
  });

  it("is undefined if there is none, and throws what the stream throws", async () => {
    expect(
      await serve(() => alertsOnly())
        .get()
        .first(),
    ).toBeUndefined();
    const failing = serve(async function* () {
      throw new ConnectError("no", Code.PermissionDenied);
      // biome-ignore lint/correctness/noUnreachable: it makes a generator of alerts
      yield { rule: "" };
    });
    await expect(failing.get().first()).rejects.toMatchObject({ code: Code.PermissionDenied });
  });
});

describe("close", () => {
  it("lets the connection go once, and is what `await using` calls", async () => {
    const onClose = vi.fn();
    const transport = createRouterTransport(() => undefined);
    client = createTransportClient({ transport, onClose });
    await client[Symbol.asyncDispose]();
    await client.close();
    expect(onClose).toHaveBeenCalledTimes(1);
  });
});

it("ends a stream at once, even if the transport takes its time", async () => {
  const never = () => new Promise<never>(() => undefined);
  client = createClient({ transport: { unary: never, stream: never } });
  for (const stream of [client.sub(), client.get()]) {
    const iterator = stream[Symbol.asyncIterator]();
    const waiting = iterator.next();
    // So that it waits indeed.
    await Promise.resolve();
    await iterator.return!();
    expect(await waiting).toEqual(done);
  }
});

describe("explain", () => {
  it("puts the transport's own errors in words", async () => {
    const reason = new Error("connect ENOENT");
    const transport = { unary: () => Promise.reject(reason), stream: () => Promise.reject(reason) };
    const explain = () => ({ message: "start the server", code: Code.Unavailable });
    client = createTransportClient({ transport, explain });
    for (const call of [client.version(), rulesOf(client.sub()), rulesOf(client.get())]) {
      await expect(call).rejects.toMatchObject({
        message: expect.stringMatching(/^(version|sub|get): start the server$/),
        code: Code.Unavailable,
        cause: reason,
      });
    }
  });
});
