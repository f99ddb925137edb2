import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { request as requestTls } from "node:https";
import { Authority } from "@falco-outputs/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { type FalcoOutputsServer, type ServerOptions, startServer, type WebOptions } from "../index.js";

const page = "https://dashboard.example";
const token = "a-token-of-24-characters";

async function start(web: Partial<WebOptions> = {}, options: ServerOptions = {}) {
  const server = await startServer({
    listen: [],
    web: [{ address: "127.0.0.1:0", allowedOrigins: [page], ...web }],
    ...options,
  });
  onTestFinished(() => server.stop());
  return server;
}

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** Asks for the server's health, with a body that would be taken if nothing refused it. */
function call(
  server: FalcoOutputsServer,
  headers: Record<string, string | undefined> = {},
  options: { method?: string; path?: string; body?: string | Buffer; ca?: string; agent?: Agent } = {},
): Promise<Answer> {
  const { method = "POST", path = "/grpc.health.v1.Health/Check", body = "{}", ...rest } = options;
  const sent = { "content-type": "application/json", ...headers };
  const given = Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== undefined));
  return new Promise((resolve, reject) => {
    const send = server.webUrl!.startsWith("https") ? requestTls : request;
    const url = new URL(path, server.webUrl);
    send(url, { method, headers: given as Record<string, string>, ...rest }, (response: IncomingMessage) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () =>
        resolve({ status: response.statusCode!, headers: response.headers, body: text }),
      );
    })
      .on("error", reject)
      .end(method === "POST" ? body : undefined);
  });
}

/** An envelope of the Connect protocol's streams. */
function envelope(json: object): Buffer {
  const text = Buffer.from(JSON.stringify(json));
  const head = Buffer.alloc(5);
  head.writeUInt32BE(text.length, 1);
  return Buffer.concat([head, text]);
}

const getPath = "/falco.outputs.service/get";
const connectStream = { "content-type": "application/connect+json", "falco-outputs-version": "1" };

/** Opens a stream of all alerts, which nobody reads. */
function stream(server: FalcoOutputsServer): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request(new URL(getPath, server.webUrl), { method: "POST", headers: connectStream }, resolve)
      .on("error", reject)
      .end(envelope({ broadcast: true, follow: true }));
  });
}

const serving = { status: 200, body: '{"status":"SERVING"}' };

describe("whose requests run", () => {
  it.each<[string, Record<string, string>, number]>([
    ["a program's", {}, 200],
    ["a page's of an allowed origin", { origin: page }, 200],
    [
      "an allowed page's, for which this is another site",
      { origin: page, "sec-fetch-site": "cross-site" },
      200,
    ],
    ["a person's, typed into the browser", { "sec-fetch-site": "none" }, 200],
    ["a page's of another origin", { origin: "https://evil.example" }, 403],
    ["a page's of another port", { origin: `${page}:8443` }, 403],
    ["a page's of another scheme", { origin: "http://dashboard.example" }, 403],
    ["a page's of no origin (file://, a sandbox)", { origin: "null" }, 403],
    ["a page's that hides its origin", { "sec-fetch-site": "cross-site" }, 403],
    ["a page's of the same site that hides its origin", { "sec-fetch-site": "same-site" }, 403],
  ])("%s: %o", async (_, headers, status) => {
    expect((await call(await start(), headers)).status).toBe(status);
  });

  it("no page's when none is allowed, not even one of this very address", async () => {
    const server = await start({ allowedOrigins: [] });
    expect((await call(server, { origin: page })).status).toBe(403);
    expect((await call(server, { origin: server.webUrl! })).status).toBe(403);
  });

  it("and a refused one does nothing: no alert is taken", async () => {
    const server = await start();
    await server.publish({ rule: "r", priority: "Notice" });
    const take = (headers: object) =>
      call(server, { ...connectStream, ...headers }, { path: getPath, body: envelope({}) });
    expect((await take({ origin: "https://evil.example" })).status).toBe(403);
    expect(server.stats().groups[""]).toMatchObject({ delivered: 0, waiting: 1 });
    expect((await take({ origin: page })).body).toContain('"rule":"r"');
    expect(server.stats().groups[""]).toMatchObject({ delivered: 1, waiting: 0 });
  });
});

describe("the name by which the server is called", () => {
  it.each(["localhost", "127.0.0.1", "127.1.2.3:80", "[::1]:5062", "LOCALHOST:1"])(
    "may be a loopback one: %s",
    async (host) => {
      expect(await call(await start(), { host })).toMatchObject(serving);
    },
  );

  it.each([
    "evil.example",
    "evil.example:5062",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "a/b",
    "",
  ])("may be no other one: %j", async (host) => {
    const server = await start();
    const { status } = await call(server, { host, origin: server.webUrl! });
    expect(status).toBe(403);
  });

  it("is free where the address stands for all, and the token counts", async () => {
    const server = await start({ address: "0.0.0.0:0", token, insecure: true });
    const port = new URL(server.webUrl!).port;
    const local = { webUrl: `http://127.0.0.1:${port}` } as FalcoOutputsServer;
    const host = "falco.example";
    expect((await call(local, { host })).status).toBe(401);
    expect(await call(local, { host, authorization: `Bearer ${token}` })).toMatchObject(serving);
  });
});

describe("what browsers are told", () => {
  const preflight = (server: FalcoOutputsServer, origin: string) =>
    call(
      server,
      {
        origin,
        "content-type": undefined,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type,falco-outputs-version",
      },
      { method: "OPTIONS", path: getPath },
    );

  it("a preflight of an allowed origin is answered, without a token", async () => {
    const { status, headers } = await preflight(await start({ token }), page);
    expect(status).toBe(204);
    expect(headers).toMatchObject({
      "access-control-allow-origin": page,
      "access-control-allow-methods": "POST",
      vary: "origin",
    });
    const allowed = headers["access-control-allow-headers"]!.toLowerCase().split(", ");
    expect(allowed).toEqual(
      expect.arrayContaining([
        "content-type",
        "connect-protocol-version",
        "connect-timeout-ms",
        "x-grpc-web",
        "x-user-agent",
        "grpc-timeout",
        "authorization",
        "falco-outputs-version",
        "falco-outputs-start",
      ]),
    );
    expect(headers).not.toHaveProperty("access-control-allow-credentials");
  });

  it("a preflight of another origin gets nothing to go on", async () => {
    const { status, headers } = await preflight(await start(), "https://evil.example");
    expect(status).toBe(403);
    expect(Object.keys(headers).filter((name) => name.startsWith("access-control-"))).toEqual([]);
  });

  it("an answer may be read by the page that asked, with our headers", async () => {
    const server = await start();
    const { headers } = await call(
      server,
      { ...connectStream, origin: page },
      { path: getPath, body: envelope({ broadcast: true }) },
    );
    expect(headers["access-control-allow-origin"]).toBe(page);
    const exposed = headers["access-control-expose-headers"]!.toLowerCase().split(", ");
    for (const name of ["falco-outputs-version", "falco-outputs-position", "falco-outputs-window"]) {
      expect(exposed).toContain(name);
      expect(headers[name]).toBeDefined();
    }
    expect(exposed).toContain("grpc-status");
  });

  it("so may a refusal for want of a token, which is of use to nobody else", async () => {
    const server = await start({ token });
    expect((await call(server, { origin: page })).headers["access-control-allow-origin"]).toBe(page);
    const { headers } = await call(server, { origin: "https://evil.example" });
    expect(headers["access-control-allow-origin"]).toBeUndefined();
  });
});

describe("the token", () => {
  it.each([
    undefined,
    "",
    token,
    "Bearer",
    "Bearer ",
    `Basic ${token}`,
    `Bearer ${token}x`,
    `Bearer x ${token}`,
  ])("is demanded: %s does not do", async (authorization) => {
    const { status, headers } = await call(await start({ token }), { authorization });
    expect(status).toBe(401);
    expect(headers["www-authenticate"]).toBe("Bearer");
  });

  it("opens, and never stands in a log", async () => {
    const logged: unknown[] = [];
    const note = (...entry: unknown[]) => void logged.push(entry);
    const server = await start({ token }, { logger: { info: note, warn: note, error: note } });
    expect(await call(server, { authorization: `Bearer ${token}` })).toMatchObject(serving);
    expect((await call(server, { authorization: `Bearer wrong-${token}` })).status).toBe(401);
    expect(
      (await call(server, { origin: "https://evil.example", authorization: `Bearer ${token}` })).status,
    ).toBe(403);
    await server.stop();
    expect(JSON.stringify(logged)).toContain("the token is not this server's");
    expect(JSON.stringify(logged)).toContain("https://evil.example");
    expect(JSON.stringify(logged)).not.toContain(token);
  });
});

it("no control character that a peer sends reaches the log", async () => {
  const logged: unknown[] = [];
  const note = (...entry: unknown[]) => void logged.push(entry);
  const server = await start({}, { logger: { info: note, warn: note, error: note } });
  const [host, origin] = ["evil\x9b2J.example", "\x9b31m"];
  expect((await call(server, { host })).status).toBe(403);
  expect((await call(server, { origin })).status).toBe(403);
  await server.stop();
  const text = JSON.stringify(logged);
  expect(text).toContain(String.raw`\\x9b2J.example`);
  expect(text).toContain(String.raw`\\x9b31m`);
  expect(text).not.toContain("\x9b");
});

describe("options that cannot work", () => {
  it.each<[Partial<WebOptions>, string]>([
    [{ address: "/run/web.sock" }, 'web[0].address: "/run/web.sock", expected host:port'],
    [{ address: "web.sock" }, 'web[0].address: "web.sock", expected host:port'],
    [{ address: "0.0.0.0:0" }, 'web[0].address: "0.0.0.0:0", expected a loopback address, or token with it'],
    [{ address: "0.0.0.0:0", insecure: true }, "expected a loopback address, or token with it"],
    [
      { address: "falco.example:1", token },
      'web[0].address: "falco.example:1", expected a loopback address, or tls.cert and tls.key with it, or insecure: true',
    ],
    [{ token: "short" }, "web[0].token: expected 16 to 1,024 visible ASCII characters"],
    [{ token: "a token with spaces" }, "web[0].token: expected"],
    [{ allowedOrigins: ["*"] }, 'web[0].allowedOrigins[0]: "*", expected scheme, host and port'],
    [{ allowedOrigins: ["null"] }, 'web[0].allowedOrigins[0]: "null", expected'],
    [
      { allowedOrigins: ["https://dashboard.example/"] },
      'web[0].allowedOrigins[0]: "https://dashboard.example/", expected',
    ],
    [
      { tls: { cert: "/nowhere/web.crt", key: "/nowhere/web.key" } },
      'web[0].tls.cert: "/nowhere/web.crt", expected PEM, or the path of a file that can be read (ENOENT',
    ],
  ])("%o: %s", async (web, message) => {
    await expect(start(web)).rejects.toThrow(message);
  });

  it.each([
    [{ address: "127.0.0.1:0" }, "web: an object, expected a list of addresses"],
    ["127.0.0.1:0", 'web: "127.0.0.1:0", expected a list of addresses'],
  ])("%j, which is not a list", async (web, message) => {
    await expect(startServer({ listen: [], web: web as unknown as [] })).rejects.toThrow(message);
  });

  it("a port that is taken is told", async () => {
    const { host } = new URL((await start()).webUrl!);
    await expect(start({ address: host })).rejects.toThrow(`cannot listen on ${host}`);
  });
});

describe("limits", () => {
  it("headers: 16 KiB", async () => {
    expect((await call(await start(), { x: "x".repeat(17_000) })).status).toBe(431);
  });

  it("a body: 256 KiB", async () => {
    const body = JSON.stringify({ service: "x".repeat(300_000) });
    const { status, body: answer } = await call(await start(), {}, { body });
    expect(status).toBe(429);
    expect(answer).toContain("resource_exhausted");
  });

  it("a subscriber that does not read: its stream is cut, and its connection with it", async () => {
    const server = await start({}, { stallTimeoutMs: 100 });
    const response = await stream(server);
    await server.waitForSubscribers(1);
    const closed = new Promise<Error>((resolve) => response.once("error", resolve));
    const output = "x".repeat(500_000);
    for (let index = 0; index < 40; index++) await server.publish({ rule: "r", priority: "Notice", output });
    await server.waitForSubscribers(0);
    response.resume();
    expect(await closed).toMatchObject({ code: "ECONNRESET" });
  });
});

it("speaks no other protocol's method, and serves nothing but calls", async () => {
  const server = await start();
  expect((await call(server, {}, { method: "GET", path: "/" })).status).toBe(404);
  expect((await call(server, {}, { method: "GET" })).status).toBe(405);
  expect((await call(server, { "content-type": "text/plain" })).status).toBe(415);
  // Its two-way stream needs HTTP/2.
  const { status } = await call(server, connectStream, {
    path: "/falco.outputs.service/sub",
    body: envelope({}),
  });
  expect(status).toBe(505);
});

it("speaks TLS where it is told to", async () => {
  const authority = await Authority.create();
  const server = await start({ tls: await authority.issue() });
  expect(server.webUrl).toMatch(/^https:/);
  expect(await call(server, { origin: page }, { ca: authority.ca })).toMatchObject(serving);
});

it("forgets a subscriber that goes", async () => {
  const server = await start();
  const responses = await Promise.all([stream(server), stream(server)]);
  await server.waitForSubscribers(2);
  for (const response of responses) response.destroy();
  await server.waitForSubscribers(0);
});

it("stops with a stream and an idle connection open: the stream is told, both are let go", async () => {
  const server = await start();
  const agent = new Agent({ keepAlive: true });
  expect(await call(server, {}, { agent })).toMatchObject(serving);
  const response = await stream(server);
  let body = "";
  response.setEncoding("utf8").on("data", (chunk) => {
    body += chunk;
  });
  const ended = new Promise((resolve) => response.once("end", resolve));
  await server.waitForSubscribers(1);
  await server.stop();
  await ended;
  expect(body).toContain('"code":"unavailable"');
  await expect(call(server, {}, { agent })).rejects.toThrow();
  agent.destroy();
});
