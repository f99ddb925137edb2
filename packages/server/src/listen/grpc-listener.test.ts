import { connect as connectHttp2 } from "node:http2";
import { connect as connectTls } from "node:tls";
import { Authority } from "@falco-outputs/testing";
import { describe, expect, it } from "vitest";
import { startServer } from "../index.js";

describe("a TCP listener", () => {
  it("is refused without TLS, also on a loopback address", async () => {
    await expect(startServer({ listen: ["127.0.0.1:0"] })).rejects.toThrow(
      'listen[0].address: "127.0.0.1:0", expected tls.ca, tls.cert and tls.key (mutual TLS) with it, or insecure: true, or a unix socket',
    );
  });

  it("serves without TLS when it is told that this is insecure", async () => {
    await using server = await startServer({ listen: [{ address: "127.0.0.1:0", insecure: true }] });
    expect(server.address).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
    const session = connectHttp2(`http://${server.address}`);
    await new Promise((resolve) => session.once("remoteSettings", resolve));
    session.destroy();
  });

  it("speaks TLS 1.2 and 1.3, and nothing but HTTP/2", async () => {
    const authority = await Authority.create();
    const [own, peer] = [await authority.issue(), await authority.issue()];
    await using server = await startServer({
      listen: [{ address: "127.0.0.1:0", tls: { ca: authority.ca, ...own } }],
    });
    const port = Number(server.address.split(":")[1]);
    const handshake = (options: object) =>
      new Promise((resolve, reject) => {
        const socket = connectTls(
          { port, ca: authority.ca, ...peer, ALPNProtocols: ["h2"], ...options },
          () => {
            resolve([socket.getProtocol(), socket.alpnProtocol]);
            socket.destroy();
          },
        ).on("error", reject);
      });
    expect(await handshake({ maxVersion: "TLSv1.2" })).toEqual(["TLSv1.2", "h2"]);
    expect(await handshake({ minVersion: "TLSv1.3" })).toEqual(["TLSv1.3", "h2"]);
    await expect(handshake({ minVersion: "TLSv1.1", maxVersion: "TLSv1.1" })).rejects.toThrow();
    await expect(handshake({ ALPNProtocols: ["http/1.1"] })).rejects.toThrow();
  });

  it("says which file of its certificates cannot be read", async () => {
    const tls = { ca: "/nowhere/ca.crt", cert: "/nowhere/server.crt", key: "/nowhere/server.key" };
    await expect(startServer({ listen: [{ address: "127.0.0.1:0", tls }] })).rejects.toThrow(
      'listen[0].tls.ca: "/nowhere/ca.crt", expected PEM, or the path of a file that can be read (ENOENT',
    );
  });

  it("says that its port is taken", async () => {
    await using server = await startServer({ listen: [{ address: "127.0.0.1:0", insecure: true }] });
    await expect(startServer({ listen: [{ address: server.address, insecure: true }] })).rejects.toThrow(
      `cannot listen on ${server.address}`,
    );
  });

  it("is had beside others", async () => {
    const listen = [0, 1].map(() => ({ address: "127.0.0.1:0", insecure: true }));
    await using server = await startServer({ listen });
    expect(new Set(server.addresses).size).toBe(2);
  });
});
