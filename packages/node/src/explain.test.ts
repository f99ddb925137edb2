import { once } from "node:events";
import { chmodSync, linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { constants, createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { Code } from "@falco-outputs/core";
import { parseAddress } from "@falco-outputs/core/transport";
import { type FalcoOutputsServer, startServer } from "@falco-outputs/server";
import { Authority, type Identity } from "@falco-outputs/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ClientOptions, createClient } from "./client.js";
import { explainFor } from "./explain.js";

let folder: string;
let authority: Authority;
let stranger: Authority;
let server: Identity;
let client: Identity;
/** A server with a unix socket, with mutual TLS and without. */
let falco: FalcoOutputsServer;
const ending: (() => unknown)[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "falco-outputs-explain-"));
  [authority, stranger] = await Promise.all([Authority.create(), Authority.create()]);
  [server, client] = await Promise.all([authority.issue(), authority.issue({ names: ["client"] })]);
  falco = await startServer({
    listen: [
      join(folder, "falco.sock"),
      { address: "127.0.0.1:0", tls: { ca: authority.ca, ...server } },
      { address: "127.0.0.1:0", insecure: true },
    ],
  });
  ending.push(() => falco.stop());
});
afterAll(async () => {
  for (const end of ending) await end();
  rmSync(folder, { recursive: true });
});

const secureAddress = () => falco.addresses[1]!;
const insecureAddress = () => falco.addresses[2]!;
const trusted = () => ({ ca: authority.ca, ...client });

/** Every kind of call fails with the same words, and the client can be closed, or used again, right after. */
async function expectFailure(
  options: ClientOptions & { address: string },
  message: string,
  code = Code.Unavailable,
) {
  const call = createClient(options);
  const tried = options.address.startsWith("/") ? `unix://${options.address}` : options.address;
  for (const method of ["sub", "get", "version", "version"] as const) {
    const failed = method === "version" ? call.version() : call[method]()[Symbol.asyncIterator]().next();
    await expect(failed).rejects.toMatchObject({
      name: "FalcoError",
      message: `${method} on ${tried}: ${message}`,
      code,
      tried: `${method} on ${tried}`,
      fromServer: false,
      cause: expect.any(Error),
    });
  }
  await call.close();
}

/** Starts a server that is none of ours; gives its address. */
async function listen(listener: Server, path?: string): Promise<string> {
  const sockets = new Set<Socket>();
  listener.on("connection", (socket: Socket) => sockets.add(socket.on("error", () => undefined)));
  await once(path === undefined ? listener.listen(0, "127.0.0.1") : listener.listen(path), "listening");
  ending.push(() => {
    for (const socket of sockets) socket.destroy();
    listener.close();
  });
  return path ?? `127.0.0.1:${(listener.address() as AddressInfo).port}`;
}

describe("on a unix socket", () => {
  it("says that there is none", async () => {
    const message = "there is no such socket: is the server running, and does it listen there?";
    await expectFailure({ address: join(folder, "none.sock") }, message);
    await expectFailure({ address: join(folder, "none", "falco.sock") }, message);
  });

  it("says that a part of its path is not a folder", async () => {
    writeFileSync(join(folder, "file"), "");
    const message = "there is no such socket: a part of its path is not a folder";
    await expectFailure({ address: join(folder, "file", "falco.sock") }, message);
  });

  it("says that nobody listens on it", async () => {
    const [path, left] = [join(folder, "dying.sock"), join(folder, "left.sock")];
    const dying = createServer();
    await once(dying.listen(path), "listening");
    // Node removes the path only under the name it knows.
    linkSync(path, left);
    await once(dying.close(), "close");
    const message = "nobody listens there: the server that made this socket is gone, or it is not a socket";
    await expectFailure({ address: left }, message);
  });

  it("says that there is no permission", async () => {
    const closed = join(folder, "closed");
    mkdirSync(closed);
    const other = await startServer({ listen: [join(closed, "falco.sock")] });
    chmodSync(join(closed, "falco.sock"), 0);
    // Root may connect to any socket.
    const root = process.geteuid!() === 0;
    if (root) process.seteuid!(65_534);
    try {
      const message = "no permission to connect: the socket's mode and group decide who may";
      await expectFailure({ address: join(closed, "falco.sock") }, message, Code.PermissionDenied);
    } finally {
      if (root) process.seteuid!(0);
      await other.stop();
    }
  });

  it.each<[string, string, (socket: Socket) => void]>([
    ["closes", "the other side closed the connection without an answer", (socket) => socket.destroy()],
    [
      "chatters",
      "the other side does not speak HTTP/2",
      (socket) => socket.end("220 mail.example ready\r\n"),
    ],
  ])("says that no gRPC server is behind it, but one that %s", async (name, message, answer) => {
    const address = join(folder, `${name}.sock`);
    await listen(createServer(answer), address);
    await expectFailure({ address }, `${message}: is this a server's gRPC socket?`);
  });
});

describe("over TCP", () => {
  it("says that the connection was refused", async () => {
    const listener = createServer();
    const address = await listen(listener);
    await once(listener.close(), "close");
    const message = "connection refused: is the server running, and does it listen on this port?";
    await expectFailure({ address, insecure: true }, message);
    await expectFailure({ address, tls: trusted() }, message);
  });

  it("says that there is no such host", async () => {
    // No name has a part of more than 63 characters, so that nobody needs to be asked.
    const address = `${"a".repeat(64)}.invalid:5060`;
    await expectFailure({ address, insecure: true }, "there is no host of this name");
    await expectFailure({ address, tls: trusted() }, "there is no host of this name");
  });

  it("says that nobody answered in time", async () => {
    const address = await listen(createServer());
    const message = "no connection came about in time: does something answer at this address?";
    await expectFailure({ address, tls: trusted(), connectTimeoutMs: 30 }, message);
    await expectFailure({ address, insecure: true, connectTimeoutMs: 30 }, message);
  });

  it("says that the other side expects TLS", async () => {
    const message = "the server closed the connection without an answer: does it expect TLS?";
    await expectFailure({ address: secureAddress(), insecure: true }, message);
    const resetting = await listen(createServer((socket) => socket.resetAndDestroy()));
    await expectFailure({ address: resetting, insecure: true }, message);
  });

  it("says that the other side speaks no HTTP/2, and survives it", async () => {
    const address = await listen(createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")));
    const message = "the other side does not speak HTTP/2 here: does it expect TLS?";
    await expectFailure({ address, insecure: true }, message);
  });

  it("says what a proxy answers in the server's place", async () => {
    const proxy = createHttp2Server((_, response) => response.writeHead(502).end());
    await expectFailure(
      { address: await listen(proxy), insecure: true },
      "something other than a gRPC server answered: HTTP 502",
    );
  });

  it("says that the server ended a stream that was read too slowly", async () => {
    const impatient = createHttp2Server().on("stream", (stream) => {
      stream.on("error", () => undefined).close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    });
    const message = "the server ended the stream: it was read too slowly";
    const address = await listen(impatient);
    await expectFailure({ address, insecure: true }, message, Code.ResourceExhausted);
  });
});

describe("with TLS", () => {
  it("says that the other side does not speak it", async () => {
    const message = "the other side does not speak TLS here";
    await expectFailure({ address: insecureAddress(), tls: trusted() }, message);
  });

  it("says that the server's certificate is another authority's", async () => {
    const message = "the server's certificate is signed by none of the authorities in tls.ca";
    await expectFailure({ address: secureAddress(), tls: { ...trusted(), ca: stranger.ca } }, message);
  });

  it("says that the server's certificate has expired", async () => {
    const expired = await authority.issue({ days: -1 });
    const other = await startServer({
      listen: [{ address: "127.0.0.1:0", tls: { ca: authority.ca, ...expired } }],
    });
    const message = "the server's certificate has expired, or an authority's: renew it";
    await expectFailure({ address: other.address, tls: trusted() }, message);
    await other.stop();
  });

  it("says that the server's certificate is for another name", async () => {
    const message =
      "the server's certificate is for another name: use that name in the address, or give it as tls.serverName (--server-name)";
    const tls = { ...trusted(), serverName: "falco.example" };
    await expectFailure({ address: secureAddress(), tls }, message);
  });

  it.each<[string, () => Promise<Identity>]>([
    ["is another authority's", () => stranger.issue()],
    ["has expired", () => authority.issue({ days: -1 })],
  ])("says that the server refuses a client's certificate that %s", async (_, issue) => {
    const message =
      "the server closed the connection without an answer: most often it refuses this client's certificate (tls.cert), which has to be valid and signed by an authority of the server's";
    await expectFailure({ address: secureAddress(), tls: { ca: authority.ca, ...(await issue()) } }, message);
  });

  it("says that the other side speaks no HTTP/2", async () => {
    const message = "the other side speaks TLS here, but not HTTP/2";
    const options = { ca: authority.ca, ...server };
    const refusing = createTlsServer({ ...options, ALPNProtocols: ["http/1.1"] });
    await expectFailure({ address: await listen(refusing), tls: trusted() }, message);
    const ignoring = createTlsServer(options, (socket) => {
      socket.on("error", () => undefined).end("HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    await expectFailure({ address: await listen(ignoring), tls: trusted() }, message);
  });
});

describe("explainFor", () => {
  const explain = explainFor(parseAddress("falco.example:5060"), true);
  const withCode = (code: unknown) => Object.assign(new Error("deep"), { code });

  it.each([
    ["EAI_AGAIN", "the host's name could not be resolved just now"],
    ["EHOSTUNREACH", "the host cannot be reached"],
    ["ENETUNREACH", "the host's network cannot be reached"],
    ["EPIPE", "the connection was lost"],
    ["CERT_NOT_YET_VALID", "the server's certificate is not valid yet: compare the clocks"],
    ["ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", "the server refuses this client's certificate"],
    ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", "the server demands a client certificate"],
    ["ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED", "the server says that this client's certificate has expired"],
  ])("finds %s among the causes", (code, message) => {
    const reason = new Error("outer", { cause: new Error("inner", { cause: withCode(code) }) });
    expect(explain(reason)).toMatchObject({
      message: expect.stringContaining(message),
      code: Code.Unavailable,
    });
  });

  it.each([
    ["text"],
    [undefined],
    [new Error("plain")],
    [withCode("ESOMETHING")],
    [withCode(7)],
    [withCode("toString")],
  ])("leaves %s to others", (reason) => {
    expect(explain(reason)).toBeUndefined();
  });

  it("ends for causes that form a ring", () => {
    const ring = new Error("ring");
    ring.cause = new Error("other", { cause: ring });
    expect(explain(ring)).toBeUndefined();
  });
});
