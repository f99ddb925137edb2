import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type OutputsOptions, startServer } from "../../index.js";
import { Rsyslogd, withoutRsyslogd } from "../testing/rsyslogd.js";

const alerts = (count: number, output = "o".repeat(500)) =>
  Array.from({ length: count }, (_, index) =>
    JSON.stringify({ rule: `rule ${index}`, priority: "Notice", output }),
  );

async function start(socket: string, queue: OutputsOptions["queue"] = {}) {
  const told: string[] = [];
  const tell = (fields: object) => void told.push(JSON.stringify(fields));
  const outputs = { format: { json: true }, queue, syslog: { socket } };
  const logger = { info: tell, warn: tell, error: tell };
  const server = await startServer({ listen: [], outputs, logger });
  return {
    told,
    stats: () => server.stats().outputs.syslog,
    publish: async (lines: string[]) => {
      for (const line of lines) await server.publish(line);
    },
    stop: () => server.stop(),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

/** A local socket of a stream, as some syslogds have. */
class StreamReceiver {
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((socket) => {
    this.#sockets.add(socket);
    socket.on("data", (chunk) => {
      this.received += chunk;
    });
  });
  received = "";

  async listen(path: string): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(path, resolve));
    return this;
  }

  get messages(): string[] {
    const messages = this.received.split("\0");
    expect(messages.pop()).toBe("");
    return messages;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

describe.skipIf(withoutRsyslogd)("a syslogd with a socket of datagrams", { timeout: 60_000 }, () => {
  it("that reads nothing for a while gets all, each once and in order", async () => {
    await using rsyslogd = await new Rsyslogd().start();
    await using server = await start(rsyslogd.socket, { timeoutMs: 100 });
    const sent = alerts(1500);
    rsyslogd.pause();
    await server.publish(sent);
    await expect
      .poll(() => server.told.join(), { timeout: 20_000 })
      .toContain("the receiver has no room for more");
    expect(server.stats()!.written).toBeLessThan(1500);
    rsyslogd.resume();
    await expect.poll(() => rsyslogd.texts.length, { timeout: 20_000 }).toBe(1500);
    expect(rsyslogd.texts.map((text) => text.trim())).toEqual(sent);
    expect(server.stats()).toEqual({ written: 1500, failed: 0, dropped: 0, waiting: 0 });
  });

  it("that reads nothing does not keep the server from stopping", async () => {
    await using rsyslogd = await new Rsyslogd().start();
    const server = await start(rsyslogd.socket, { timeoutMs: 100 });
    rsyslogd.pause();
    await server.publish(alerts(1500));
    await server.stop();
    const { written, failed, dropped, waiting } = server.stats()!;
    expect([written + failed + dropped, waiting]).toEqual([1500, 0]);
    expect(written).toBeLessThan(1500);
  });

  it("cannot have what is longer than a datagram, and gets the others", async () => {
    await using rsyslogd = await new Rsyslogd().start();
    await using server = await start(rsyslogd.socket);
    const [before, after] = alerts(2) as [string, string];
    await server.publish([before, ...alerts(1, "x".repeat(900_000)), after]);
    await expect.poll(() => rsyslogd.texts.length, { timeout: 20_000 }).toBe(2);
    expect(rsyslogd.texts.map((text) => text.trim())).toEqual([before, after]);
    expect(server.stats()).toMatchObject({ written: 2, failed: 1 });
    expect(server.told.join()).toMatch(/: Message too long \(9\d{5} bytes\)/);
  });
});

describe("a syslogd with a socket of a stream", { timeout: 60_000 }, () => {
  const folder = () => mkdtempSync(join(tmpdir(), "falco-outputs-syslog-"));

  it("gets each alert with a NUL at its end, and nowhere else", async () => {
    const path = folder();
    await using receiver = await new StreamReceiver().listen(join(path, "log"));
    await using server = await start(join(path, "log"));
    const sent = alerts(200);
    await server.publish(sent);
    await expect.poll(() => server.stats()?.written).toBe(200);
    await expect.poll(() => receiver.messages.length).toBe(200);
    expect(receiver.messages[0]).toMatch(/^<13>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d falco: \{/);
    expect(receiver.messages.map((message) => message.replace(/^.*? falco: /, ""))).toEqual(sent);
    rmSync(path, { recursive: true });
  });

  it("may be restarted", async () => {
    const path = folder();
    const [first, second] = alerts(2) as [string, string];
    await using server = await start(join(path, "log"));
    {
      await using receiver = await new StreamReceiver().listen(join(path, "log"));
      await server.publish([first]);
      await expect.poll(() => receiver.received).toContain(first);
    }
    await server.publish([second]);
    await expect.poll(() => server.told.length).toBe(1);
    await using receiver = await new StreamReceiver().listen(join(path, "log"));
    await expect.poll(() => receiver.received, { timeout: 20_000 }).toContain(second);
    expect(server.stats()).toMatchObject({ written: 2, failed: 0 });
    rmSync(path, { recursive: true });
  });

  it.skipIf(withoutRsyslogd)("may make way for one with a socket of datagrams", async () => {
    await using rsyslogd = new Rsyslogd();
    const [first, second] = alerts(2) as [string, string];
    await using server = await start(rsyslogd.socket);
    {
      await using receiver = await new StreamReceiver().listen(rsyslogd.socket);
      await server.publish([first]);
      await expect.poll(() => receiver.received).toContain(first);
    }
    await rsyslogd.start();
    await server.publish([second]);
    await expect.poll(() => rsyslogd.texts, { timeout: 20_000 }).toEqual([` ${second}`]);
  });
});
