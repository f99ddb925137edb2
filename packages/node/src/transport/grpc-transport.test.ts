import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Http2Server, type OutgoingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Interceptor } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { type Alert, alertFromJson, type Client, Code, type FalcoError } from "@falco-outputs/core";
import { encodeLine } from "@falco-outputs/core/codec";
import { createTransportClient } from "@falco-outputs/core/transport";
import { startServer } from "@falco-outputs/server";
import { fixtureLines } from "@falco-outputs/testing";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createClient } from "../client.js";

let path: string;
let ending: (() => unknown)[];
beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), "falco-outputs-transport-"));
  path = join(folder, "falco.sock");
  ending = [() => rmSync(folder, { recursive: true })];
});
afterEach(async () => {
  for (const end of ending.reverse()) await end();
});

/** The same calls with Connect's transport: what both do has to be the same. */
const clients: [string, (interceptors?: Interceptor[]) => Client][] = [
  ["the transport", (interceptors) => createClient({ address: path, ...(interceptors && { interceptors }) })],
  [
    "Connect's transport",
    (interceptors) => {
      const sessionManager = new Http2SessionManager(
        "http://localhost",
        {},
        { createConnection: () => connect(path) },
      );
      const transport = createGrpcTransport({
        baseUrl: "http://localhost",
        sessionManager,
        acceptCompression: [],
        readMaxBytes: 4 * 1024 * 1024,
        ...(interceptors && { interceptors }),
      });
      return createTransportClient({ transport, onClose: () => sessionManager.abort() });
    },
  ],
];

function start(create: (interceptors?: Interceptor[]) => Client, interceptors?: Interceptor[]): Client {
  const client = create(interceptors);
  ending.push(() => client.close());
  return client;
}

interface Answer {
  headers?: OutgoingHttpHeaders;
  body?: Buffer[];
  /** Default: OK. */
  trailers?: OutgoingHttpHeaders;
}

const ok = { "grpc-status": "0" };
const grpc = { ":status": 200, "content-type": "application/grpc" };

/** A server that answers every call so. */
async function answering({ headers = grpc, body = [], trailers = ok }: Answer): Promise<void> {
  await serving((stream) => {
    stream.respond(headers, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers(trailers));
    for (const part of body) stream.write(part);
    stream.end();
  });
}

async function serving(onStream: (stream: ServerHttp2Stream) => void): Promise<Http2Server> {
  const server = createServer();
  server.on("stream", (stream) => {
    stream.on("error", () => undefined);
    onStream(stream);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  ending.push(() => server.close());
  return server;
}

function frame(message: Uint8Array, flags = 0): Buffer {
  const prefix = Buffer.from([flags, 0, 0, 0, 0]);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

const line = (rule: string) => JSON.stringify({ rule, priority: "Notice" });
const alert = (rule: string) => frame(encodeLine(line(rule)));

/** What comes of `get`: the rules, and the error behind them. */
async function outcome(client: Client, options: Parameters<Client["get"]>[0] = {}) {
  const rules: string[] = [];
  try {
    for await (const { rule } of client.get(options)) rules.push(rule);
    return { rules };
  } catch (error) {
    const { code, message, fromServer } = error as FalcoError;
    // The address stands in the one, and is not known to the other.
    return {
      rules,
      error: { code: Code[code], message: message.replace(/^get(?: on \S+)?: /, ""), fromServer },
    };
  }
}

describe.each(clients)("%s", (_, create) => {
  it.each<[string, Answer, unknown]>([
    ["alerts", { body: [alert("a"), alert("b")] }, { rules: ["a", "b"] }],
    ["no alert", {}, { rules: [] }],
    ["an empty message", { body: [frame(Buffer.alloc(0))] }, { rules: [""] }],
    [
      "an alert in pieces",
      { body: [...alert("pieces")].map((byte) => Buffer.from([byte])) },
      { rules: ["pieces"] },
    ],
    [
      "a status and its message, escaped",
      { body: [alert("a")], trailers: { "grpc-status": "8", "grpc-message": "too%20much%3A %C3%A9" } },
      { rules: ["a"], error: { code: "ResourceExhausted", message: "too much: é", fromServer: true } },
    ],
    [
      "a status in headers alone",
      { headers: { ...grpc, "grpc-status": "12", "grpc-message": "no" } },
      { rules: [], error: { code: "Unimplemented", message: "no", fromServer: true } },
    ],
    [
      "no status",
      { body: [alert("a")], trailers: {} },
      { rules: ["a"], error: expect.objectContaining({ code: "Unavailable" }) },
    ],
    [
      "an HTTP error",
      { headers: { ":status": 503 } },
      {
        rules: [],
        error: expect.objectContaining({
          code: "Unavailable",
          message: "something other than a gRPC server answered: HTTP 503",
        }),
      },
    ],
    [
      "another content type",
      { headers: { ...grpc, "content-type": "text/html" } },
      {
        rules: [],
        error: expect.objectContaining({ code: "Unavailable" }),
      },
    ],
    [
      "a compression that was not offered",
      { headers: { ...grpc, "grpc-encoding": "gzip" }, body: [frame(gzipSync("x"), 1)] },
      { rules: [], error: expect.objectContaining({ code: "Internal" }) },
    ],
    [
      "a compressed message out of the blue",
      { body: [frame(gzipSync(encodeLine(line("a"))), 1)] },
      { rules: [], error: expect.objectContaining({ code: "Internal" }) },
    ],
    [
      "a message that is too large",
      { body: [Buffer.from([0, 0x7f, 0, 0, 0])] },
      { rules: [], error: expect.objectContaining({ code: "ResourceExhausted" }) },
    ],
    [
      "an end within a message",
      { body: [alert("a").subarray(0, -1)] },
      { rules: [], error: expect.objectContaining({ code: "Unavailable" }) },
    ],
    [
      "a message that is no alert",
      { body: [frame(Buffer.from([0x22, 0xff]))] },
      {
        rules: [],
        error: expect.objectContaining({
          code: "Internal",
          message: expect.stringContaining("parse binary: "),
        }),
      },
    ],
  ])("takes an answer with %s", async (_, answer, expected) => {
    await answering(answer);
    expect(await outcome(start(create))).toEqual(expected);
  });

  it("sends what gRPC demands, and the headers of the call", async () => {
    let seen: Record<string, unknown> = {};
    const server = await serving((stream) => {
      stream.respond({ ...grpc, ...ok });
      stream.end();
    });
    server.on("stream", (_, headers) => {
      seen = headers;
    });
    await outcome(start(create), { timeoutMs: 5_000, headers: { "x-token": "abc" } });
    expect(seen).toMatchObject({
      ":method": "POST",
      ":path": "/falco.outputs.service/get",
      "content-type": "application/grpc+proto",
      te: "trailers",
      "grpc-timeout": expect.stringMatching(/^(?:5000|4\d\d\d)m$/),
      "falco-outputs-version": "1",
      "x-token": "abc",
    });
    expect(seen).not.toHaveProperty("grpc-accept-encoding");
  });

  it("keeps a deadline, also in the middle of a stream", async () => {
    const closed = vi.fn();
    await serving((stream) => {
      stream.on("close", () => closed(stream.rstCode));
      stream.respond(grpc);
      stream.write(alert("a"));
    });
    const result = await outcome(start(create), { timeoutMs: 200 });
    expect(result).toMatchObject({ rules: ["a"], error: { code: "DeadlineExceeded" } });
    await vi.waitFor(() => expect(closed).toHaveBeenCalledOnce());
  });

  it("cancels the stream when the loop is left", async () => {
    const closed = vi.fn();
    await serving((stream) => {
      stream.on("close", () => closed(stream.rstCode));
      stream.respond(grpc);
      stream.write(Buffer.concat([alert("a"), alert("b")]));
    });
    for await (const { rule } of start(create).get()) {
      expect(rule).toBe("a");
      break;
    }
    await vi.waitFor(() => expect(closed).toHaveBeenCalledExactlyOnceWith(8));
  });

  it("tells of a connection that is lost in the middle of a stream", async () => {
    await serving((stream) => {
      stream.respond(grpc);
      stream.write(alert("a"), () => stream.session?.destroy());
    });
    const result = await outcome(start(create));
    expect(result).toMatchObject({
      error: { code: expect.stringMatching(/^(?:Unavailable|Canceled|Aborted)$/), fromServer: false },
    });
  });

  it("lets interceptors see and change the call, its headers and each message", async () => {
    await answering({
      headers: { ...grpc, "x-server": "s" },
      body: [Buffer.concat([alert("a"), alert("b")])],
    });
    const seen: unknown[] = [];
    const interceptor: Interceptor = (next) => async (request) => {
      seen.push(request.method.name, request.header.get("falco-outputs-version"));
      const response = await next(request);
      seen.push(response.header.get("x-server"));
      if (!response.stream) return response;
      async function* renamed(messages: AsyncIterable<object>) {
        for await (const message of messages) yield { ...message, rule: `${(message as Alert).rule}!` };
      }
      return { ...response, message: renamed(response.message) as typeof response.message };
    };
    expect(await outcome(start(create, [interceptor]))).toEqual({ rules: ["a!", "b!"] });
    expect(seen).toEqual(["get", "1", "s"]);
  });

  it("lets an interceptor refuse the call", async () => {
    await answering({ body: [alert("a")] });
    const refusing: Interceptor = () => () => Promise.reject(new Error("not allowed here"));
    const result = await outcome(start(create, [refusing]));
    expect(result).toMatchObject({
      rules: [],
      error: { message: expect.stringContaining("not allowed here") },
    });
  });

  it("gives the very alerts that Falco wrote", async () => {
    const server = await startServer({ listen: [path] });
    ending.push(() => server.stop());
    for (const fixture of fixtureLines("alerts.jsonl")) await server.publish(fixture);
    const got: object[] = [];
    for await (const one of start(create).get()) got.push({ ...one, sequence: 0n });
    expect(got).toEqual(fixtureLines("alerts.jsonl").map((fixture) => ({ ...alertFromJson(fixture) })));
  });

  it("does not read on while nobody takes what came", async () => {
    const chunk = Buffer.concat(Array.from({ length: 64 }, () => alert("x".repeat(1_000))));
    let accepted = 0;
    await serving((stream) => {
      stream.respond(grpc);
      const write = () => {
        while (!stream.destroyed && stream.write(chunk, () => (accepted += chunk.length)));
      };
      stream.on("drain", write);
      write();
    });
    const alerts = start(create).get()[Symbol.asyncIterator]();
    await alerts.next();
    let before = -1;
    await vi.waitFor(
      () => {
        const same = accepted === before;
        before = accepted;
        expect(same).toBe(true);
      },
      { timeout: 10_000, interval: 250 },
    );
    // A window of 1 MiB, what Node and the system hold, and no more, however much the server has.
    expect(accepted).toBeLessThan(4 * 1024 * 1024);
    await alerts.return?.();
  });
});

describe("the transport", () => {
  it("gives what came before a message that is no alert", async () => {
    await answering({ body: [Buffer.concat([alert("a"), frame(Buffer.from([0x22, 0xff])), alert("b")])] });
    const [[, create]] = clients as [(typeof clients)[0]];
    expect(await outcome(start(create))).toMatchObject({ rules: ["a"], error: { code: "Internal" } });
  });
});
