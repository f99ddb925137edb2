import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type FalcoOutputsServer, startServer, type WebOptions } from "@falco-outputs/server";
import { ServerProcess } from "@falco-outputs/testing";
import { afterEach, describe, expect, expectTypeOf, it } from "vitest";
import {
  type Client,
  type ClientOptions,
  Code,
  createClient,
  FalcoError,
  type StreamStatus,
} from "./index.js";

const token = "a-token-of-24-characters";

const ending: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

async function serve(web: Partial<WebOptions> = {}): Promise<FalcoOutputsServer> {
  const server = await startServer({ listen: [], web: [{ address: "127.0.0.1:0", ...web }] });
  ending.push(() => server.stop());
  return server;
}

/** A server that answers every request in the same way. */
async function answering(status: number, type: string, body: string): Promise<string> {
  const server = createServer((_, response) =>
    response.writeHead(status, { "content-type": type }).end(body),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ending.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function clientOf(options: ClientOptions): Client {
  const client = createClient(options);
  ending.push(() => client.close());
  return client;
}

const alertNamed = (rule: string) => ({ rule, priority: "Notice" }) as const;

async function rulesOf(stream: AsyncIterable<{ rule: string }>, count = Number.POSITIVE_INFINITY) {
  const rules: string[] = [];
  for await (const { rule } of stream) {
    rules.push(rule);
    if (rules.length === count) break;
  }
  return rules;
}

async function failure(promise: Promise<unknown>): Promise<FalcoError> {
  const error = await promise.then(
    () => undefined,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(FalcoError);
  return error;
}

describe.each(["connect", "grpc-web"] as const)("over %s", (protocol) => {
  const clientTo = (server: FalcoOutputsServer, options: Partial<ClientOptions> = {}) =>
    clientOf({ baseUrl: server.webUrl!, protocol, ...options });

  it("get gives what is retained, and ends", async () => {
    const server = await serve();
    for (const rule of ["a", "b"]) await server.publish(alertNamed(rule));
    expect(await rulesOf(clientTo(server).get({ broadcast: true }))).toEqual(["a", "b"]);
    expect(await rulesOf(clientTo(server).get())).toEqual(["a", "b"]);
    expect(await rulesOf(clientTo(server).get())).toEqual([]);
  });

  it("get gives what is retained and what comes, if it follows", async () => {
    const server = await serve();
    await server.publish(alertNamed("before"));
    const rules = rulesOf(clientTo(server).get({ broadcast: true, follow: true }), 2);
    await server.waitForSubscribers(1);
    await server.publish(alertNamed("after"));
    expect(await rules).toEqual(["before", "after"]);
    await server.waitForSubscribers(0);
  });

  it("sub broadcasts what comes from now on, or what came behind a place", async () => {
    const server = await serve();
    const place = await server.publish(alertNamed("before"));
    await server.publish(alertNamed("between"));
    const client = clientTo(server);
    const [fromNow, fromPlace, fromOldest] = [
      rulesOf(client.sub({ broadcast: true }), 1),
      rulesOf(client.sub({ broadcast: true, after: place }), 2),
      rulesOf(client.sub({ broadcast: true, after: 0n }), 3),
    ];
    await server.waitForSubscribers(3);
    await server.publish(alertNamed("after"));
    expect(await fromNow).toEqual(["after"]);
    expect(await fromPlace).toEqual(["between", "after"]);
    expect(await fromOldest).toEqual(["before", "between", "after"]);
  });

  it("sub shares the alerts of a group", async () => {
    const server = await serve();
    await server.publish(alertNamed("before"));
    const received: string[] = [];
    for (const client of [clientTo(server), clientTo(server)]) {
      rulesOf({
        async *[Symbol.asyncIterator]() {
          for await (const alert of client.sub({ group: "pager", rules: ["wanted"] })) {
            received.push(alert.rule);
            yield alert;
          }
        },
      });
    }
    await server.waitForSubscribers(2);
    for (const rule of ["wanted", "other", "wanted", "wanted"]) await server.publish(alertNamed(rule));
    await expect.poll(() => received).toEqual(["wanted", "wanted", "wanted"]);
    expect(server.stats().groups.pager).toMatchObject({ members: 2, delivered: 3, filtered: 1 });
  });

  it("sub without a word takes from the shared queue", async () => {
    const server = await serve();
    await server.publish(alertNamed("waiting"));
    expect(await rulesOf(clientTo(server).sub(), 1)).toEqual(["waiting"]);
    expect(server.stats().groups[""]).toMatchObject({ delivered: 1 });
  });

  it("comes back when the server was started again, and is told what it may have missed", async () => {
    const first = await serve();
    const address = new URL(first.webUrl!).host;
    const statuses: StreamStatus["type"][] = [];
    const stream = clientTo(first)
      .sub({
        broadcast: true,
        reconnect: { initialDelayMs: 1, maxDelayMs: 10 },
        onStatus: ({ type }) => {
          if (statuses.at(-1) !== type) statuses.push(type);
        },
      })
      [Symbol.asyncIterator]();
    let next = stream.next();
    await first.waitForSubscribers(1);
    await first.publish(alertNamed("a"));
    expect((await next).value?.rule).toBe("a");
    next = stream.next();
    await first.stop();
    const second = await serve({ address });
    expect((await next).value).toMatchObject({ rule: "Falco Outputs internal: alerts lost", sequence: 0n });
    next = stream.next();
    await second.publish(alertNamed("b"));
    expect((await next).value?.rule).toBe("b");
    expect(statuses.slice(0, 4)).toEqual(["connecting", "connected", "disconnected", "connecting"]);
    expect(statuses.slice(-2)).toEqual(["resumed", "lost"]);
    await stream.return!();
  });

  it("notices a server that is frozen, and comes back when it goes on", async () => {
    const server = await ServerProcess.start(join(import.meta.dirname, ".."), {
      listen: [],
      web: [{ address: "127.0.0.1:0" }],
      heartbeatIntervalMs: 200,
    });
    ending.push(() => server.kill());
    const statuses: StreamStatus[] = [];
    const rules: string[] = [];
    const client = clientOf({ baseUrl: server.webUrl, protocol });
    void (async () => {
      const options = {
        reconnect: { initialDelayMs: 10 },
        onStatus: (status: StreamStatus) => void statuses.push(status),
      };
      for await (const { rule } of client.sub({
        broadcast: true,
        deny: [{ rules: ["noise*"] }],
        ...options,
      })) {
        rules.push(rule);
      }
    })();
    await expect.poll(() => statuses.at(-1)?.type, { timeout: 10_000 }).toBe("connected");
    server.freeze();
    const disconnected = () => statuses.find((status) => status.type === "disconnected");
    await expect.poll(disconnected, { timeout: 10_000 }).toMatchObject({
      error: { message: `get on ${server.webUrl}: nothing was heard for 600 ms: the connection is dead` },
      lastHeardAt: expect.any(Date),
    });
    for (const rule of ["noise", "a rule"]) server.publish(rule);
    server.thaw();
    await expect.poll(() => rules, { timeout: 10_000 }).toEqual(["a rule"]);
  }, 20_000);

  it("tells what the server refuses in the server's own words", async () => {
    const server = await serve();
    const client = clientTo(server);
    const filtered = rulesOf(client.sub({ group: "pager", rules: ["a"] }));
    await server.waitForSubscribers(1);
    const error = await failure(rulesOf(client.sub({ group: "pager", rules: ["b"] })));
    expect(error).toMatchObject({ code: Code.FailedPrecondition, fromServer: true });
    expect(error.message).toContain(`get on ${server.webUrl}: `);
    await client.close();
    expect(await filtered).toEqual([]);
    expect((await failure(clientTo(server).version())).message).toContain("Falco's version");
  });

  it("shows its token, and says what is wrong with it", async () => {
    const server = await serve({ token });
    await server.publish(alertNamed("a"));
    expect(await rulesOf(clientTo(server, { token }).get({ broadcast: true }))).toEqual(["a"]);
    for (const [wrong, message] of [
      [{}, "the server wants a token: give it as token"],
      [{ token: "another-token-altogether" }, "the server does not accept this token"],
    ] as const) {
      const client = clientTo(server, wrong);
      const calls = [
        () => rulesOf(client.sub({ broadcast: true })),
        () => rulesOf(client.get()),
        () => client.version(),
      ];
      for (const call of calls) {
        expect(await failure(call())).toMatchObject({
          code: Code.Unauthenticated,
          message: expect.stringContaining(message),
        });
      }
    }
  });

  it("ends for good when the token is no longer accepted", async () => {
    const first = await serve({ token });
    const address = new URL(first.webUrl!).host;
    const reconnect = { initialDelayMs: 1, maxDelayMs: 10 };
    const ended = failure(rulesOf(clientTo(first, { token }).sub({ broadcast: true, reconnect })));
    await first.waitForSubscribers(1);
    await first.stop();
    await serve({ address, token: "another-token-altogether" });
    expect(await ended).toMatchObject({ code: Code.Unauthenticated });
  });

  it("says that nobody answers", async () => {
    const server = await serve();
    await server.stop();
    expect(await failure(rulesOf(clientTo(server).sub({ broadcast: true })))).toMatchObject({
      code: Code.Unavailable,
      message: `get on ${server.webUrl}: no answer: is the server running?`,
      fromServer: false,
    });
  });

  it.each([
    [403, "text/plain", "no", Code.PermissionDenied, "refuses the page's origin"],
    [404, "text/html", "<p>no</p>", Code.Unimplemented, "no Falco Outputs server answers here"],
  ] as const)("says what HTTP %i means", async (status, type, body, code, message) => {
    const baseUrl = await answering(status, type, body);
    expect(await failure(clientOf({ baseUrl, protocol }).version())).toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });
});

it("says that what answers is no such server", async () => {
  const baseUrl = await answering(200, "text/html", "<p>welcome</p>");
  expect(await failure(clientOf({ baseUrl }).version())).toMatchObject({
    code: Code.Unimplemented,
    message: expect.stringContaining("something that sends text/html"),
  });
});

describe("what cannot work", () => {
  it.each<[object, string]>([
    [{ baseUrl: "/falco" }, 'baseUrl: "/falco", expected a URL'],
    [{ baseUrl: "ftp://127.0.0.1" }, "baseUrl: "],
    [{ baseUrl: "http://127.0.0.1/?a=b" }, "baseUrl: "],
    [{ baseUrl: "http://127.0.0.1", token: "with spaces" }, "token: expected visible ASCII characters"],
    [{ baseUrl: "http://127.0.0.1", protocol: "grpc" }, 'protocol: "grpc", expected "connect" or "grpc-web"'],
  ])("%o is refused", (options, message) => {
    expect(() => createClient(options as ClientOptions)).toThrow(message);
  });

  it("acknowledgement is not offered, and is refused", () => {
    const client = clientOf({ baseUrl: "http://127.0.0.1" });
    expectTypeOf(client.sub).parameter(0).toExtend<{ acknowledge?: never } | undefined>();
    for (const acknowledge of [true, "manual"]) {
      const options = { group: "pager", acknowledge } as object;
      for (const call of [() => client.sub(options), () => client.get(options)]) {
        expect(call).toThrow("a browser cannot open the two-way stream");
      }
    }
    expect(() => client.sub({ group: "pager", acknowledge: false } as object)).not.toThrow();
  });

  it("options that make no sense together are refused as everywhere", () => {
    const client = clientOf({ baseUrl: "http://127.0.0.1" });
    expect(() => client.sub({ group: "pager", broadcast: true } as object)).toThrow(
      "they exclude each other",
    );
    expect(() => client.sub({ tags: ["a"] } as object)).toThrow("the shared queue has no filter");
    const until = new Date(0);
    // @ts-expect-error a subscription does not end
    expect(() => client.sub({ broadcast: true, until })).toThrow("until: only a get of a broadcast");
    expect(client.get({ broadcast: true, until })).toBeDefined();
  });
});
