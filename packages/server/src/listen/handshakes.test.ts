import { execFile } from "node:child_process";
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from "node:tls";
import { Authority, type Identity } from "@falco-outputs/testing";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type FalcoOutputsServer, type ServerOptions, startServer } from "../index.js";

interface Line {
  listener?: string;
  failed?: number;
  reason?: string;
  peer?: string;
  message: string;
}

let authority: Authority;
let own: Identity;
let client: Identity;
beforeAll(async () => {
  authority = await Authority.create();
  [own, client] = [await authority.issue(), await authority.issue()];
});

/** A server with what it logs; every listener speaks TLS. */
async function start(options: ServerOptions = {}) {
  const lines: Line[] = [];
  const note = (fields: object, message: string) => void lines.push({ ...fields, message });
  const tls = { ca: authority.ca, ...own };
  const server = await startServer({
    listen: [{ address: "127.0.0.1:0", tls }],
    logger: { info: note, warn: note, error: note },
    ...options,
  });
  onTestFinished(() => server.stop());
  return { server, lines };
}

const portOf = (address: string) => Number(/:(\d+)\/?$/.exec(address)![1]);

/** A client of this authority that offers HTTP/2, unless it is told otherwise. */
function handshake(server: FalcoOutputsServer, options: ConnectionOptions = {}): TLSSocket {
  const port = portOf(server.address);
  const socket = connectTls({ port, ca: authority.ca, ...client, ALPNProtocols: ["h2"], ...options });
  onTestFinished(() => void socket.destroy());
  return socket;
}

/** Resolves when the connection is gone, however it went. */
function gone(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.on("error", () => undefined).resume();
    socket.once("close", () => resolve());
  });
}

describe("a client that offers no protocol (ALPN), as client-rs does", () => {
  const noProtocol = { ALPNProtocols: undefined } as ConnectionOptions;

  it.each(["TLSv1.2", "TLSv1.3"] as const)("is taken as one of HTTP/2, over %s", async (version) => {
    const { server, lines } = await start();
    const socket = handshake(server, { ...noProtocol, minVersion: version, maxVersion: version });
    await once(socket, "secureConnect");
    expect(socket.alpnProtocol).toBe(false);
    const session = connectHttp2("https://localhost", { createConnection: () => socket });
    onTestFinished(() => session.destroy());
    await server.publish({ rule: "r", priority: "Notice" });
    const stream = session.request({
      ":method": "POST",
      ":path": "/falco.output.service/subscribe",
      "content-type": "application/grpc",
      te: "trailers",
    });
    stream.end(Buffer.from([0, 0, 0, 0, 2, 8, 1]));
    const [alert] = await once(stream, "data");
    expect(alert.includes("syscall")).toBe(true);
    const closed = once(session, "close");
    await server.stop();
    await closed;
    expect(lines).toEqual([]);
  });

  it("needs a certificate like any other", async () => {
    const { server, lines } = await start();
    const { cert: _, key: __, ...nothing } = client;
    await gone(connectTls({ port: portOf(server.address), ca: authority.ca, ...nothing }));
    expect(lines).toMatchObject([{ reason: "the client did not show a certificate", failed: 1 }]);
  });
});

it("a client that offers other protocols is refused, and the log says why", async () => {
  const { server, lines } = await start();
  await gone(handshake(server, { ALPNProtocols: ["http/1.1", "grpc-exp"] }));
  expect(lines).toEqual([
    {
      message: "TLS handshakes failed",
      listener: `grpc ${server.address}`,
      reason: "the client offers other protocols (ALPN) than h2",
      failed: 1,
      peer: "127.0.0.1",
    },
  ]);
});

describe("a client that does not accept the server's certificate is told in words", () => {
  it("when it says so by a TLS alert, as most do", async () => {
    const { server, lines } = await start();
    // curl has no certificate of its own either, which does not matter by then.
    await new Promise<void>((resolve) => {
      execFile("curl", ["-sS", "-m", "10", `https://${server.address}/`], () => resolve());
    });
    const reason =
      "the client does not accept this server's certificate: it does not know the authority that signed it";
    await expect.poll(() => lines).toMatchObject([{ peer: "127.0.0.1", reason, failed: 1 }]);
  });

  it("when it ends the connection, as Node does", async () => {
    const { server, lines } = await start();
    const { ca } = await Authority.create();
    await gone(handshake(server, { ca, minVersion: "TLSv1.3" }));
    const reason =
      "the client ended the connection during the handshake: it may not accept this server's certificate";
    await expect.poll(() => lines).toMatchObject([{ peer: "127.0.0.1", reason, failed: 1 }]);
  });
});

it("what is not TLS fills no log: it is counted", async () => {
  const { server, lines } = await start();
  for (let round = 0; round < 10; round++) {
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        const socket = connect(portOf(server.address), "127.0.0.1");
        socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
        await gone(socket);
      }),
    );
  }
  await server.stop();
  expect(lines.length).toBeLessThan(10);
  expect(lines.map(({ failed }) => failed ?? 0).reduce((sum, failed) => sum + failed)).toBe(500);
});

it("peers in the middle of a handshake do not hold a stop up", async () => {
  const tls = { ca: authority.ca, ...own };
  const { server, lines } = await start({
    listen: [{ address: "127.0.0.1:0", tls }],
    web: [{ address: "127.0.0.1:0", tls: own }],
    inputs: { http: [{ address: "127.0.0.1:0", tls }] },
  });
  const addresses = [server.address, server.webUrl!, server.httpUrl!];
  const peers = await Promise.all(
    addresses.flatMap((address) =>
      [Buffer.alloc(0), Buffer.from([0x16, 0x03, 0x01])].map(async (beginning) => {
        const socket = connect(portOf(address), "127.0.0.1");
        await once(socket, "connect");
        if (beginning.length > 0) await new Promise((resolve) => socket.write(beginning, resolve));
        return socket;
      }),
    ),
  );
  const ended = Promise.all(peers.map(gone));
  await server.stop();
  await ended;
  // A handshake that Node had ended, after 10 seconds, would be told.
  expect(lines).toEqual([]);
});
