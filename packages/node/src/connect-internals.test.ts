import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import {
  type ClientHttp2Session,
  createServer,
  type Http2ServerRequest,
  type ServerHttp2Stream,
} from "node:http2";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getDefaultHighWaterMark } from "node:stream";
import { Code, ConnectError, createContextKey, createContextValues } from "@connectrpc/connect";
import {
  createMethodSerializationLookup,
  createMethodUrl,
  pipe,
  transformJoinEnvelopes,
  transformSerializeEnvelope,
  type UniversalServerResponse,
} from "@connectrpc/connect/protocol";
import {
  requestHeaderWithCompression,
  validateResponseWithCompression,
  validateTrailer,
} from "@connectrpc/connect/protocol-grpc";
import { connectNodeAdapter, createNodeHttpClient, Http2SessionManager } from "@connectrpc/connect-node";
import { OutputsService } from "@falco-outputs/core/contract";
import { expect, it, onTestFinished, vi } from "vitest";

/**
 * What this repository relies on and Connect does not promise: the server's `grpc/frames.ts`, `grpc/handler.ts`,
 * `grpc/peer.ts` and `grpc/in-flight.ts`, and here `transport/` and `session-manager.ts`. Only Connect runs in these
 * tests: one that fails after an upgrade says what those files have to be checked against.
 */
const { get } = OutputsService.method;
const limits = { readMaxBytes: 0xffff_ffff, writeMaxBytes: 0xffff_ffff };
const streamKey = createContextKey<ServerHttp2Stream | undefined>(undefined);
/** From this much on, Node's streams want the writer to wait. */
const highWaterMark = getDefaultHighWaterMark(false);
const prefix = (length: number) => [0, ...new Uint8Array(new Uint32Array([length]).buffer).reverse()];

/** How the answer of a handler looks to a wrapper, and what the adapter does with it. */
interface Seen {
  response?: UniversalServerResponse;
  chunks: number[][];
  /** What waited to be sent when a chunk was asked for. */
  unsent: number[];
  /** How many chunks were asked for when the headers had been sent. */
  askedBeforeHeaders: number[];
  grpcMessage?: string | null;
  stream?: ServerHttp2Stream;
}

/** Serves `get` by Connect's adapter, with each handler wrapped, and calls it by Connect's HTTP client. */
async function call(implementation: () => AsyncGenerator<{ rule: string }>, during = (_: Seen) => {}) {
  const seen: Seen = { chunks: [], unsent: [], askedBeforeHeaders: [] };
  const adapter = connectNodeAdapter({
    contextValues: (request) => createContextValues().set(streamKey, (request as Http2ServerRequest).stream),
    routes(router) {
      router.service(OutputsService, { get: implementation });
      for (const [index, handler] of router.handlers.entries()) {
        const wrapper: typeof handler = Object.assign(
          async (request: Parameters<typeof handler>[0]) => {
            const stream = request.contextValues?.get(streamKey);
            const response = await handler(request);
            const body = response.body as AsyncIterable<Uint8Array>;
            Object.assign(seen, { response, stream });
            const chunks = body[Symbol.asyncIterator]();
            const next = async () => {
              seen.unsent.push(stream!.writableLength);
              if (!stream!.headersSent) seen.askedBeforeHeaders.push(seen.unsent.length);
              during(seen);
              const chunk = await chunks.next();
              if (chunk.done === true) seen.grpcMessage = response.trailer?.get("grpc-message") ?? null;
              else seen.chunks.push([...chunk.value]);
              return chunk;
            };
            return { ...response, body: { [Symbol.asyncIterator]: () => ({ ...chunks, next }) } };
          },
          {
            service: handler.service,
            method: handler.method,
            requestPath: handler.requestPath,
            supportedContentType: handler.supportedContentType,
            protocolNames: handler.protocolNames,
            allowedMethods: handler.allowedMethods,
          },
        );
        router.handlers[index] = wrapper;
      }
    },
  });
  const folder = mkdtempSync(join(tmpdir(), "falco-outputs-connect-"));
  const path = join(folder, "server.sock");
  const server = createServer(adapter);
  await once(server.listen(path), "listening");
  const requests: unknown[] = [];
  class Manager extends Http2SessionManager {
    override async request(...parameters: Parameters<Http2SessionManager["request"]>) {
      const stream = await super.request(...parameters);
      requests.push(stream.session);
      return stream;
    }
  }
  const sessionManager = new Manager("http://localhost", {}, { createConnection: () => connect(path) });
  onTestFinished(() => {
    sessionManager.abort();
    server.close();
    rmSync(folder, { recursive: true });
  });
  const request = createNodeHttpClient({ httpVersion: "2", sessionProvider: () => sessionManager });
  const serialization = createMethodSerializationLookup(get, undefined, undefined, limits);
  const send = () =>
    request({
      url: createMethodUrl("http://localhost", get),
      method: "POST",
      header: requestHeaderWithCompression(true, undefined, undefined, [], null),
      body: pipe(
        (async function* () {
          yield serialization.getI(true).parse(new Uint8Array(0));
        })(),
        transformSerializeEnvelope(serialization.getI(true)),
        transformJoinEnvelopes(),
        { propagateDownStreamError: true },
      ),
    });
  return { seen, send, sessionManager, sessions: requests };
}

async function read(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

it("makes one chunk of a message, an envelope, and asks for the next when it is written", async () => {
  const large = "x".repeat(3 * highWaterMark);
  const { seen, send } = await call(async function* () {
    yield { rule: "a" };
    yield { rule: large };
    yield { rule: "b" };
  });
  const { status, header, body, trailer } = await send();
  const received = await read(body);
  expect(status).toBe(200);
  expect(seen.chunks[0]).toEqual([...prefix(3), 0x22, 1, 0x61]);
  expect(seen.chunks).toHaveLength(3);
  expect([...received]).toEqual(seen.chunks.flat());
  // Headers go with the first chunk, which therefore may be empty.
  expect(seen.askedBeforeHeaders).toEqual([1]);
  // A large chunk is waited for, a small one may still be on its way to the connection.
  expect(seen.unsent[2]).toBe(0);
  for (const unsent of seen.unsent) expect(unsent).toBeLessThan(highWaterMark);
  const { foundStatus, headerError } = validateResponseWithCompression([], status, header);
  expect({ foundStatus, headerError }).toEqual({ foundStatus: false, headerError: undefined });
  expect(trailer.get("grpc-status")).toBe("0");
  expect(() => validateTrailer(trailer, header)).not.toThrow();
});

it("has the status of a failure in the trailers when the body ends, its message escaped", async () => {
  const message = "group, broadcast: (a or b) é";
  const { seen, send } = await call(async function* () {
    yield { rule: "a" };
    throw new ConnectError(message, Code.InvalidArgument);
  });
  const { header, body, trailer } = await send();
  await read(body);
  expect(decodeURIComponent(seen.grpcMessage!)).toBe(message);
  expect(() => validateTrailer(trailer, header)).toThrow(
    expect.objectContaining({ code: Code.InvalidArgument, rawMessage: message }),
  );
});

it("tells the body's iterator of a stream that was destroyed, and prints nothing if its peer is gone", async () => {
  using complaint = vi.spyOn(console, "error");
  let returned: () => void;
  const ended = new Promise<void>((resolve) => {
    returned = resolve;
  });
  const { send } = await call(
    async function* () {
      try {
        for (;;) yield { rule: "a" };
      } finally {
        returned();
      }
    },
    ({ stream, chunks }) => {
      if (chunks.length === 3) stream!.destroy(Object.assign(new Error("gone"), { code: "ECONNRESET" }));
    },
  );
  const { body } = await send();
  await expect(read(body)).rejects.toThrow(ConnectError);
  await ended;
  expect(complaint).not.toHaveBeenCalled();
});

it("asks for gRPC without compression as a request's headers say", () => {
  const header = requestHeaderWithCompression(true, 1_500, { "x-mine": "1" }, [], null);
  header.delete("user-agent");
  expect(Object.fromEntries(header)).toEqual({
    "content-type": "application/grpc+proto",
    "grpc-timeout": "1500m",
    te: "trailers",
    "x-mine": "1",
  });
});

it("has one session for all requests, which `request` of a subclass sees, and `abort` ends", async () => {
  const { send, sessions, sessionManager } = await call(async function* () {
    yield { rule: "a" };
  });
  for (let index = 0; index < 2; index++) await read((await send()).body);
  const [session, again] = sessions as ClientHttp2Session[];
  expect(again).toBe(session);
  expect(session!.destroyed).toBe(false);
  sessionManager.abort();
  expect(session!.destroyed).toBe(true);
});
