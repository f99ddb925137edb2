import { once } from "node:events";
import { createServer, type Server as NetServer, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { Authority } from "@falco-outputs/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { type OutputsOptions, type SyslogOutputOptions, startServer } from "../../index.js";

const alerts = (count: number) =>
  Array.from({ length: count }, (_, index) => JSON.stringify({ rule: `rule ${index}`, priority: "Notice" }));

async function start(options: SyslogOutputOptions, queue: OutputsOptions["queue"] = {}) {
  const told: { reason?: string }[] = [];
  const tell = (fields: object) => void told.push(fields);
  const logger = { info: tell, warn: tell, error: tell };
  const outputs = { format: { json: true }, queue, syslog: options };
  const server = await startServer({ listen: [], outputs, logger });
  return {
    get reasons() {
      return told.map(({ reason }) => reason).join("\n");
    },
    stats: () => server.stats().outputs.syslog,
    publish: async (lines: string[]) => {
      for (const line of lines) await server.publish(line);
    },
    reopen: () => server.reopenOutputs(),
    stop: () => server.stop(),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

/** A receiver that takes frames apart by their lengths. */
class Receiver {
  readonly #server: NetServer;
  readonly sockets = new Set<Socket>();
  readonly messages: string[] = [];
  connections = 0;

  constructor({ tls, isDeaf = false }: { tls?: TlsOptions; isDeaf?: boolean } = {}) {
    const onConnection = (socket: Socket) => {
      this.connections++;
      this.sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => this.sockets.delete(socket));
      if (isDeaf) socket.pause();
      else this.#read(socket);
    };
    this.#server = tls === undefined ? createServer(onConnection) : createTlsServer(tls, onConnection);
  }

  async listen(port = 0): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(port, "127.0.0.1", resolve));
    return this;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  /** The alerts in the messages. */
  get alerts(): string[] {
    return this.messages.map((message) => message.slice(message.indexOf("{")));
  }

  #read(socket: Socket): void {
    let bytes = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      for (;;) {
        const length = /^(\d+) /.exec(bytes.toString("latin1", 0, 12));
        if (length === null) return;
        const end = length[0].length + Number(length[1]);
        if (bytes.length < end) return;
        this.messages.push(bytes.toString("utf8", length[0].length, end));
        bytes = bytes.subarray(end);
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}

describe("over TCP", { timeout: 30_000 }, () => {
  it("takes many alerts at once, over one connection", async () => {
    await using receiver = await new Receiver().listen();
    await using server = await start({ address: `127.0.0.1:${receiver.port}` });
    const sent = alerts(3000);
    await server.publish(sent);
    await expect.poll(() => receiver.messages.length, { timeout: 10_000 }).toBe(3000);
    expect(receiver.alerts).toEqual(sent);
    expect(receiver.connections).toBe(1);
    expect(server.stats()).toEqual({ written: 3000, failed: 0, dropped: 0, waiting: 0 });
  });

  it("sees between alerts that the receiver ended or reset the connection", async () => {
    await using receiver = await new Receiver().listen();
    await using server = await start({ address: `127.0.0.1:${receiver.port}` });
    const sent = alerts(20);
    for (const [index, alert] of sent.entries()) {
      await server.publish([alert]);
      await expect.poll(() => receiver.messages.length).toBe(index + 1);
      const [socket] = receiver.sockets as Set<Socket> & Iterable<Socket>;
      const closed = once(socket!, "close");
      if (index % 2 === 0) socket!.end();
      else socket!.resetAndDestroy();
      await closed;
    }
    expect(receiver.alerts).toEqual(sent);
    expect(receiver.connections).toBe(20);
    expect(server.stats()).toMatchObject({ written: 20, failed: 0 });
  });

  it("opens a new connection when it is reopened, and ends the last one when it closes", async () => {
    await using receiver = await new Receiver().listen();
    const server = await start({ address: `127.0.0.1:${receiver.port}` });
    const sent = alerts(2);
    await server.publish(sent.slice(0, 1));
    await expect.poll(() => receiver.messages.length).toBe(1);
    server.reopen();
    await server.publish(sent.slice(1));
    await expect.poll(() => receiver.messages.length).toBe(2);
    expect(receiver.connections).toBe(2);
    await server.stop();
    await expect.poll(() => receiver.sockets.size).toBe(0);
  });

  it("gives up on a receiver that takes nothing, and stops all the same", async () => {
    await using receiver = await new Receiver({ isDeaf: true }).listen();
    const server = await start(
      { address: `127.0.0.1:${receiver.port}` },
      { timeoutMs: 200, maxBytes: 2 ** 27 },
    );
    const long = JSON.stringify({ rule: "r", priority: "Notice", output: "x".repeat(500_000) });
    await server.publish(Array.from({ length: 100 }, () => long));
    await expect
      .poll(() => server.reasons, { timeout: 10_000 })
      .toContain(`127.0.0.1:${receiver.port}: not written within 200 ms`);
    await server.stop();
    const { written, failed, dropped, waiting } = server.stats()!;
    expect([written + failed + dropped, waiting]).toEqual([100, 0]);
    expect(written).toBeLessThan(100);
  });

  it("waits for a receiver that is not there yet", async () => {
    const receiver = await new Receiver().listen();
    const { port } = receiver;
    await receiver[Symbol.asyncDispose]();
    await using server = await start({ address: `localhost:${port}` });
    await server.publish(alerts(3));
    await expect.poll(() => server.reasons).toContain(`localhost:${port}: connect ECONNREFUSED`);
    await using later = await new Receiver().listen(port);
    await expect.poll(() => later.alerts, { timeout: 20_000 }).toEqual(alerts(3));
  });
});

describe("over TLS", { timeout: 30_000 }, () => {
  let authority: Authority;
  let stranger: Authority;
  beforeAll(async () => {
    [authority, stranger] = [await Authority.create(), await Authority.create()];
  });

  const listen = async (tls: TlsOptions = {}, names = ["localhost"]) =>
    new Receiver({ tls: { ...(await authority.issue({ names })), ...tls } }).listen();

  it.each(["TLSv1.2", "TLSv1.3"] as const)("takes alerts (%s)", async (version) => {
    await using receiver = await listen({ minVersion: version, maxVersion: version });
    await using server = await start({ address: `localhost:${receiver.port}`, tls: { ca: authority.ca } });
    await server.publish(alerts(100));
    await expect.poll(() => receiver.alerts).toEqual(alerts(100));
  });

  it("takes them also from a receiver that issues no session tickets", async () => {
    const { constants } = await import("node:crypto");
    await using receiver = await listen({ secureOptions: constants.SSL_OP_NO_TICKET });
    await using server = await start({ address: `localhost:${receiver.port}`, tls: { ca: authority.ca } });
    await server.publish(alerts(100));
    await expect.poll(() => receiver.alerts).toEqual(alerts(100));
  });

  it("checks the name that it is told", async () => {
    await using receiver = await listen({}, ["logs.example"]);
    const tls = { ca: authority.ca, serverName: "logs.example" };
    await using server = await start({ address: `127.0.0.1:${receiver.port}`, tls });
    await server.publish(alerts(1));
    await expect.poll(() => receiver.alerts).toEqual(alerts(1));
  });

  it.each([
    [
      "of another authority",
      () => ({ ca: stranger.ca }),
      /: its certificate is not accepted: unable to verify/,
    ],
    ["that the system does not know", () => ({}), /: its certificate is not accepted: unable to verify/],
    [
      "for another name",
      () => ({ ca: authority.ca, serverName: "logs.example" }),
      /: its certificate is not accepted: Hostname\/IP does not match/,
    ],
  ])("sends nothing to one with a certificate %s", async (_, tls, reason) => {
    await using receiver = await listen();
    await using server = await start(
      { address: `localhost:${receiver.port}`, tls: tls() },
      { retryMs: 1e-9 },
    );
    await server.publish(alerts(1));
    await expect.poll(() => server.stats()?.failed).toBe(1);
    expect(server.reasons).toMatch(reason);
    expect(receiver.messages).toEqual([]);
  });

  it.each(["TLSv1.2", "TLSv1.3"] as const)(
    "counts no alert as written that goes to one who refuses its certificate (%s)",
    async (version) => {
      const tls = { requestCert: true, ca: authority.ca, minVersion: version, maxVersion: version };
      await using receiver = await listen(tls);
      const address = `localhost:${receiver.port}`;
      const own = { ca: authority.ca, ...(await authority.issue()) };
      for (const wrong of [{ ca: authority.ca }, { ca: authority.ca, ...(await stranger.issue()) }]) {
        await using server = await start({ address, tls: wrong }, { retryMs: 1e-9 });
        await server.publish(alerts(1));
        await expect.poll(() => server.stats()).toMatchObject({ written: 0, failed: 1 });
      }
      await using server = await start({ address, tls: own });
      await server.publish(alerts(1));
      await expect.poll(() => receiver.alerts).toEqual(alerts(1));
    },
  );
});
