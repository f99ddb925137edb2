import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer as createHttp2Server } from "node:http2";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { type Client, Code, type StreamStatus } from "@falco-outputs/core";
import { type FalcoOutputsServer, type ServerOptions, startServer } from "@falco-outputs/server";
import { Authority, type Identity, writeIdentity } from "@falco-outputs/testing";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type ClientOptions, createClient } from "./client.js";

let folder: string;
let ending: (() => unknown)[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "falco-outputs-node-"));
  ending = [];
});
afterEach(async () => {
  for (const end of ending.reverse()) await end();
  rmSync(folder, { recursive: true });
});

async function serve(options: ServerOptions = { listen: [join(folder, "falco.sock")] }) {
  const server = await startServer(options);
  ending.push(() => server.stop());
  return server;
}

function clientOf(options: ClientOptions): Client {
  const client = createClient(options);
  ending.push(() => client.close());
  return client;
}

/** Queues an alert and takes it with `get`. */
async function expectAlerts(server: FalcoOutputsServer, client: Client): Promise<void> {
  await server.publish({ rule: "a rule", priority: "Notice" });
  const rules: string[] = [];
  for await (const { rule } of client.get()) rules.push(rule);
  expect(rules).toEqual(["a rule"]);
}

/** A proxy in front of a server; `close` ends its connections, `silence` keeps them open but passes nothing on. */
async function proxyTo(path: string) {
  const sockets: Socket[] = [];
  const proxy: Server = createServer((socket) => {
    const behind = connect(path);
    for (const one of [socket, behind]) sockets.push(one.on("error", () => undefined));
    socket.pipe(behind).pipe(socket);
  });
  await once(proxy.listen(join(folder, "proxy.sock")), "listening");
  const cut = () => sockets.splice(0).map((socket) => socket.destroy());
  ending.push(() => {
    cut();
    proxy.close();
  });
  return {
    address: join(folder, "proxy.sock"),
    cut,
    silence: () => sockets.map((socket) => socket.unpipe().pause()),
    connections: () => promisify(proxy.getConnections.bind(proxy))(),
    /** What came from the client, in bytes. */
    bytesRead: () => sockets[0]!.bytesRead,
  };
}

describe("over a unix socket", () => {
  it.each<[string, (path: string) => string]>([
    ["unix:///path", (path) => `unix://${path}`],
    ["unix:path", (path) => `unix:${path}`],
    ["a path", (path) => path],
    ["a relative path", (path) => `unix:${relative(process.cwd(), path)}`],
  ])("connects to %s", async (_, spell) => {
    const server = await serve();
    await expectAlerts(server, clientOf({ address: spell(join(folder, "falco.sock")) }));
  });

  it("works again after the server was started again", async () => {
    const first = await serve();
    const client = clientOf({ address: first.address });
    await expectAlerts(first, client);
    const waiting = client.sub({ reconnect: false })[Symbol.asyncIterator]().next();
    waiting.catch(() => undefined);
    await first.waitForSubscribers(1);
    await first.stop();
    await expect(waiting).rejects.toMatchObject({
      code: Code.Unavailable,
      message: `sub on ${first.address}: the server is stopping`,
      fromServer: true,
    });
    await expect(client.version()).rejects.toMatchObject({ code: Code.Unavailable, fromServer: false });
    await expectAlerts(await serve(), client);
  });

  it("frees the server's side when the loop is left, and when the client is closed", async () => {
    const server = await serve();
    await server.publish({ rule: "a rule", priority: "Notice" });
    const client = clientOf({ address: server.address });
    for await (const { rule } of client.sub()) {
      expect(rule).toBe("a rule");
      break;
    }
    await server.waitForSubscribers(0);
    const waiting = client.sub()[Symbol.asyncIterator]().next();
    await server.waitForSubscribers(1);
    await client.close();
    expect(await waiting).toEqual({ value: undefined, done: true });
    await server.waitForSubscribers(0);
  });

  it("lets the connection go when the client is closed", async () => {
    const server = await serve();
    const proxy = await proxyTo(join(folder, "falco.sock"));
    const client = clientOf({ address: proxy.address });
    await expectAlerts(server, client);
    await expectAlerts(server, client);
    expect(await proxy.connections()).toBe(1);
    await client.close();
    await vi.waitFor(async () => expect(await proxy.connections()).toBe(0));
  });

  it.each(["get", "sub"])(
    "says goodbye without an error when the client is closed: after %s",
    async (method) => {
      const server = createHttp2Server();
      // A stream that is over, or one that goes on.
      server.on("stream", (stream) =>
        stream.respond(
          { "content-type": "application/grpc", ...(method === "get" && { "grpc-status": "0" }) },
          { endStream: method === "get" },
        ),
      );
      const goodbyes: number[] = [];
      server.on("session", (session) => session.on("goaway", (code: number) => goodbyes.push(code)));
      await once(server.listen(join(folder, "falco.sock")), "listening");
      ending.push(() => server.close());
      const client = clientOf({ address: join(folder, "falco.sock") });
      const statuses: string[] = [];
      const options = { onStatus: ({ type }: StreamStatus) => statuses.push(type) };
      const stream = method === "get" ? client.get() : client.sub(options);
      const next = stream[Symbol.asyncIterator]().next();
      if (method === "get") await next;
      else await vi.waitFor(() => expect(statuses).toContain("connected"));
      await client.close();
      expect(await next).toEqual({ value: undefined, done: true });
      await vi.waitFor(() => expect(goodbyes).toEqual([0]));
    },
  );

  it("can be closed while it connects, and while it waits for an answer", async () => {
    const mute = createServer();
    await once(mute.listen(join(folder, "mute.sock")), "listening");
    ending.push(() => mute.close());
    const connected = once(mute, "connection") as Promise<[Socket]>;
    for (const wait of [undefined, connected]) {
      const client = clientOf({ address: join(folder, "mute.sock") });
      const waiting = [client.sub()[Symbol.asyncIterator]().next(), client.version()];
      waiting[1]!.catch(() => undefined);
      await wait;
      await client.close();
      expect(await waiting[0]).toEqual({ value: undefined, done: true });
      await expect(waiting[1]).rejects.toMatchObject({ code: Code.Canceled });
    }
    const [socket] = await connected;
    socket.destroy();
  });

  it("keeps no process alive when no call is open", async () => {
    const server = await serve();
    await server.publish({ rule: "a rule", priority: "Notice" });
    const program = `
      import { createClient } from "@falco-outputs/node";
      const client = createClient({ address: ${JSON.stringify(server.address)} });
      for await (const { rule } of client.get()) console.log(rule);
    `;
    // In this folder the package finds itself by its name.
    const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
      cwd: join(import.meta.dirname, ".."),
      stdio: ["ignore", "pipe", "inherit"],
    });
    ending.push(() => child.kill());
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
    expect(await once(child, "close")).toEqual([0, null]);
    expect(output).toBe("a rule\n");
  }, 20_000);
});

describe("a connection that fails", () => {
  it("ends the stream with an error when it is cut", async () => {
    const server = await serve();
    const proxy = await proxyTo(join(folder, "falco.sock"));
    const client = clientOf({ address: proxy.address });
    const waiting = client.sub({ reconnect: false })[Symbol.asyncIterator]().next();
    waiting.catch(() => undefined);
    await server.waitForSubscribers(1);
    proxy.cut();
    await expect(waiting).rejects.toMatchObject({
      code: Code.Unavailable,
      message: expect.stringMatching(/: the connection was (closed by the other side|lost)$/),
      fromServer: false,
    });
    // Until it notices, the server gives the alert to a stream that is gone.
    await server.waitForSubscribers(0);
    await expectAlerts(server, client);
  });

  it("is noticed by a ping that nobody answers", async () => {
    const server = await serve();
    const proxy = await proxyTo(join(folder, "falco.sock"));
    const client = clientOf({ address: proxy.address, keepAliveMs: 50 });
    const waiting = client.sub({ reconnect: false })[Symbol.asyncIterator]().next();
    waiting.catch(() => undefined);
    await server.waitForSubscribers(1);
    proxy.silence();
    await expect(waiting).rejects.toMatchObject({
      code: Code.Unavailable,
      message: `sub on unix://${proxy.address}: the connection is dead: the other side answers no ping`,
    });
  });

  it("is no quiet one whose pings are answered", async () => {
    const server = await serve();
    const proxy = await proxyTo(join(folder, "falco.sock"));
    // So long that a busy machine does not miss it.
    const client = clientOf({ address: proxy.address, keepAliveMs: 200 });
    const waiting = client.sub()[Symbol.asyncIterator]().next();
    await server.waitForSubscribers(1);
    const before = proxy.bytesRead();
    // A ping has 17 bytes, as has the acknowledgement of settings that may come first.
    await vi.waitFor(() => expect(proxy.bytesRead()).toBeGreaterThanOrEqual(before + 3 * 17), {
      timeout: 5000,
    });
    await server.publish({ rule: "a rule", priority: "Notice" });
    expect((await waiting).value?.rule).toBe("a rule");
  });
});

describe("over TCP", () => {
  let authority: Authority;
  let localhost: Identity;
  let client: Identity;
  beforeAll(async () => {
    authority = await Authority.create();
    localhost = await authority.issue();
    client = await authority.issue({ names: ["client"] });
  });

  const serveTls = (identity: Identity) =>
    serve({ listen: [{ address: "127.0.0.1:0", tls: { ca: authority.ca, ...identity } }] });

  it("connects with mutual TLS, from PEM and from files, by name and by IP address", async () => {
    const warning = vi.spyOn(process, "emitWarning");
    const server = await serveTls(localhost);
    const { port } = new URL(`tcp://${server.address}`);
    const tls = { ca: authority.ca, ...client };
    await expectAlerts(server, clientOf({ address: `127.0.0.1:${port}`, tls }));
    await expectAlerts(server, clientOf({ address: `localhost:${port}`, tls }));
    const paths = writeIdentity(folder, "client", authority.ca, client);
    await expectAlerts(server, clientOf({ address: server.address, tls: paths }));
    // Node warns of an IP address in place of a server's name.
    expect(warning.mock.calls).toEqual([]);
    warning.mockRestore();
  });

  it.each(["falco.example", "192.0.2.1"])("takes a certificate for %s if told to", async (serverName) => {
    const server = await serveTls(await authority.issue({ names: [serverName] }));
    const tls = { ca: authority.ca, ...client };
    await expectAlerts(server, clientOf({ address: server.address, tls: { ...tls, serverName } }));
    for (const other of [tls, { ...tls, serverName: "other.example" }]) {
      await expect(clientOf({ address: server.address, tls: other }).version()).rejects.toThrow(
        "for another name",
      );
    }
  });

  it("connects without TLS only if that is allowed", async () => {
    const server = await serve({ listen: [{ address: "127.0.0.1:0", insecure: true }] });
    await expectAlerts(server, clientOf({ address: server.address, insecure: true }));
    expect(() => createClient({ address: server.address })).toThrow("expected it with tls.ca");
  });
});

it("takes a transport in place of an address", async () => {
  const server = await serve({ listen: [] });
  await expectAlerts(server, clientOf({ transport: server.transport() }));
});
