import { createServer } from "node:net";
import { gunzipSync } from "node:zlib";
import { createClient } from "@falco-outputs/core";
import { fixtureLines } from "@falco-outputs/testing";
import { describe, expect, it } from "vitest";
import { type HttpOutputOptions, type Logger, startServer } from "../../index.js";
import type { QueueOptions } from "../queue-options.js";
import { Receiver } from "../testing/receiver.js";

const lines = fixtureLines("alerts.jsonl");
const texts = fixtureLines("alerts.txt").filter((line) => /^[\dT:.+-]+: [A-Z]/.test(line));

interface Options extends Partial<HttpOutputOptions> {
  json?: boolean;
  queue?: QueueOptions;
  logger?: Logger;
}

function start(receiver: Receiver | string, { json = true, queue = {}, logger, ...http }: Options = {}) {
  const url =
    typeof receiver === "string" ? receiver : `http://127.0.0.1:${receiver.port}/alerts?token=s3cret`;
  const outputs = { format: { json }, queue, http: { url, ...http } };
  return startServer({ listen: [], outputs, ...(logger && { logger }) });
}

type Server = Awaited<ReturnType<typeof start>>;
const settled = (server: Server) => expect.poll(() => statsOf(server)?.waiting, { timeout: 20_000 }).toBe(0);
const statsOf = (server: Server) => server.stats().outputs.http;

/** A logger that keeps what it is told, as JSON. */
function memory() {
  const told: string[] = [];
  const tell = (fields: object, message: string) => void told.push(JSON.stringify({ ...fields, message }));
  return { told, info: tell, warn: tell, error: tell };
}

describe("an alert is posted", () => {
  it("as JSON, each on its own, in order, as Falco wrote it", async () => {
    await using receiver = await Receiver.start();
    await using server = await start(receiver);
    for (const line of lines) await server.publish(line);
    await settled(server);
    expect(receiver.bodies).toEqual(lines);
    expect(receiver.posted[0]!.headers).toEqual({
      "user-agent": "falcosecurity/falco",
      accept: "*/*",
      "content-type": "application/json",
      "content-length": String(Buffer.byteLength(lines[0]!)),
      host: `127.0.0.1:${receiver.port}`,
      connection: "close",
    });
    expect(statsOf(server)).toEqual({ written: lines.length, failed: 0, dropped: 0, waiting: 0 });
  });

  it("as text", async () => {
    await using receiver = await Receiver.start();
    await using server = await start(receiver, { json: false, userAgent: "falco on a" });
    for (const line of texts) await server.publish(line);
    await settled(server);
    expect(receiver.bodies).toEqual(texts);
    expect(receiver.posted[0]!.headers).toMatchObject({
      "content-type": "text/plain",
      "user-agent": "falco on a",
    });
  });

  it("compressed", async () => {
    await using receiver = await Receiver.start();
    await using server = await start(receiver, { compressUploads: true });
    await server.publish(lines[0]!);
    await settled(server);
    const [{ headers, body }] = receiver.posted as [Receiver["posted"][0]];
    expect(headers).toMatchObject({
      "content-encoding": "gzip",
      "content-length": String(body.length),
    });
    expect(gunzipSync(body).toString()).toBe(lines[0]);
  });

  it("with the URL's user and password, which no log shows", async () => {
    const logger = memory();
    await using receiver = await Receiver.start((response) => response.writeHead(500).end());
    const url = `http://us%40er:pass%3Aword@127.0.0.1:${receiver.port}/token`;
    const server = await start(url, { logger, queue: { retryMs: 1 } });
    await server.publish(lines[0]!);
    await settled(server);
    await server.stop();
    const expected = `Basic ${Buffer.from("us@er:pass:word").toString("base64")}`;
    expect(receiver.posted[0]!.headers.authorization).toBe(expected);
    expect(logger.told.join()).toContain(`127.0.0.1:${receiver.port} answered 500`);
    expect(logger.told.join()).not.toMatch(/us@er|us%40er|pass|token/);
  });
});

describe("connections", () => {
  it("are one an alert without keepAlive", async () => {
    await using receiver = await Receiver.start();
    await using server = await start(receiver);
    for (const line of lines) await server.publish(line);
    await settled(server);
    expect(receiver.connections).toBe(lines.length);
  });

  it("are one for all with keepAlive, until they are dropped to be reopened", async () => {
    await using receiver = await Receiver.start((response) => response.end("taken"));
    await using server = await start(receiver, { keepAlive: true });
    for (let index = 0; index < 500; index++) await server.publish(lines[0]!);
    await settled(server);
    expect(receiver.connections).toBe(1);
    server.reopenOutputs();
    await expect.poll(() => receiver.openConnections).toBe(0);
    await server.publish(lines[0]!);
    await settled(server);
    expect(receiver.connections).toBe(2);
    expect(statsOf(server)).toMatchObject({ written: 501, failed: 0 });
  });

  it("that the receiver ends as they are used again cost no alert, and no wait", async () => {
    const logger = memory();
    // It answers the first alert of each connection, and cuts the connection when the second one comes.
    const served = new WeakSet<object>();
    await using receiver = await Receiver.start((response) => {
      if (served.has(response.socket!)) return response.socket!.destroy();
      served.add(response.socket!);
      response.end();
    });
    await using server = await start(receiver, { keepAlive: true, logger });
    for (let index = 0; index < 100; index++) await server.publish(lines[0]!);
    await settled(server);
    expect(statsOf(server)).toMatchObject({ written: 100, failed: 0 });
    expect(logger.told).toEqual([]);
  });

  it("that end before an answer have the alert tried again", async () => {
    await using receiver = await Receiver.start((response, _, index) => {
      if (index === 0) response.socket!.destroy();
      else response.end();
    });
    await using server = await start(receiver);
    await server.publish(lines[0]!);
    await settled(server);
    expect(receiver.bodies).toEqual([lines[0], lines[0]]);
    expect(statsOf(server)).toMatchObject({ written: 1, failed: 0 });
  });

  it("that end within the answer's body do not: the status counts", async () => {
    await using receiver = await Receiver.start((response) => {
      response.writeHead(200, { "content-length": 100 });
      response.write("half", () => response.socket!.destroy());
    });
    await using server = await start(receiver);
    for (const line of lines) await server.publish(line);
    await settled(server);
    expect(receiver.bodies).toEqual(lines);
    expect(statsOf(server)).toMatchObject({ written: lines.length, failed: 0 });
  });

  it("are cut when the answer has no end", async () => {
    await using receiver = await Receiver.start((response) => {
      const flood = () => {
        if (!response.destroyed) response.write(Buffer.alloc(16_384), flood);
      };
      flood();
    });
    await using server = await start(receiver, { queue: { timeoutMs: 60_000 } });
    await server.publish(lines[0]!);
    await settled(server);
    expect(statsOf(server)).toMatchObject({ written: 1, failed: 0 });
  });
});

describe("an answer", () => {
  it("of 500 has the alert tried again, and the later ones wait", async () => {
    await using receiver = await Receiver.start((response, _, index) => {
      response.writeHead(index < 2 ? 500 : 200).end();
    });
    await using server = await start(receiver);
    await server.publish(lines[0]!);
    await server.publish(lines[1]!);
    await settled(server);
    expect(receiver.bodies).toEqual([lines[0], lines[0], lines[0], lines[1]]);
    expect(statsOf(server)).toMatchObject({ written: 2, failed: 0 });
  });

  it("of 400 or a redirect fails the alert, and no other", async () => {
    const logger = memory();
    const statuses = [400, 302, 200];
    await using receiver = await Receiver.start((response, _, index) => {
      response.writeHead(statuses[index]!, { location: "/elsewhere" }).end("alert: not taken\nat all");
    });
    const server = await start(receiver, { logger });
    for (const line of lines.slice(0, 3)) await server.publish(line);
    await settled(server);
    await server.stop();
    expect(receiver.bodies).toEqual(lines.slice(0, 3));
    expect(statsOf(server)).toMatchObject({ written: 1, failed: 2 });
    expect(logger.told.map((line) => JSON.parse(line).reason)).toEqual([
      `127.0.0.1:${receiver.port} answered 400: alert: not taken`,
      `127.0.0.1:${receiver.port} answered 302, and redirects are not followed: alert: not taken`,
    ]);
  });

  it("of 503 with a Retry-After has the alert wait as long, but not longer than its time", async () => {
    await using receiver = await Receiver.start((response) => {
      response.writeHead(503, { "retry-after": "3600" }).end();
    });
    await using server = await start(receiver, { queue: { retryMs: 1000 } });
    await server.publish(lines[0]!);
    await settled(server);
    // At once, and at the end of its time.
    expect(receiver.posted).toHaveLength(2);
    expect(statsOf(server)).toMatchObject({ written: 0, failed: 1 });
  });
});

describe("a receiver", () => {
  it("that never answers costs each alert its timeouts, and no other output anything", async () => {
    const logger = memory();
    await using receiver = await Receiver.start(() => undefined);
    const server = await start(receiver, {
      maxConsecutiveTimeouts: 1,
      queue: { timeoutMs: 500 },
      logger,
    });
    await server.publish(lines[0]!);
    await server.publish(lines[1]!);
    const rules: string[] = [];
    for await (const alert of createClient({ transport: server.transport() }).get()) rules.push(alert.rule);
    expect(rules).toEqual(lines.slice(0, 2).map((line) => JSON.parse(line).rule));
    expect(statsOf(server)?.waiting).toBeGreaterThan(0);
    await settled(server);
    await server.stop();
    expect(statsOf(server)).toMatchObject({ written: 0, failed: 2 });
    expect(logger.told.join()).toContain(`127.0.0.1:${receiver.port}: 2 timeouts in a row`);
  });

  it("that is down loses nothing until it is up", async () => {
    const port = await freePort();
    await using server = await start(`http://localhost:${port}/`);
    for (const line of lines) await server.publish(line);
    await expect.poll(() => statsOf(server)).toMatchObject({ written: 0, failed: 0, waiting: lines.length });
    await using receiver = await Receiver.start(undefined, { port });
    await expect.poll(() => statsOf(server)?.written, { timeout: 10_000 }).toBe(lines.length);
    expect(receiver.bodies).toEqual(lines);
  });

  it("that hangs does not keep the server from stopping", async () => {
    await using receiver = await Receiver.start(() => undefined);
    const server = await start(receiver, { queue: { timeoutMs: 100 } });
    for (const line of lines) await server.publish(line);
    await expect.poll(() => receiver.posted.length).toBe(1);
    await server.stop();
    await expect.poll(() => receiver.openConnections).toBe(0);
    const { failed, dropped } = statsOf(server)!;
    expect(failed + dropped).toBe(lines.length);
  });
});

describe("an option that cannot work is refused", () => {
  it.each([
    [{ url: "" }, 'outputs.http.url: "", expected http://host/path or https://host/path'],
    [{ url: "ftp://receiver" }, 'outputs.http.url: "ftp:…", expected'],
    [{ url: "http://user:secret@:1?token=secret" }, 'outputs.http.url: "http://***@:1", expected'],
    [
      { url: "http://100%25%:x@receiver" },
      'expected a user and a password in which two hexadecimal digits follow each "%"',
    ],
    [{ userAgent: "a\nb" }, 'outputs.http.userAgent: "a\\nb", expected what can stand in a header'],
    [
      { maxConsecutiveTimeouts: -1 },
      "outputs.http.maxConsecutiveTimeouts: -1, expected a whole number of at least 0",
    ],
  ])("%j", async (options, message) => {
    const refused = start("http://receiver", options);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.not.toThrow("secret");
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
