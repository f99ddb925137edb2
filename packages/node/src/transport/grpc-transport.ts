import type { ClientHttp2Stream } from "node:http2";
import { createContextValues, type Interceptor, type Transport } from "@connectrpc/connect";
import {
  createMethodSerializationLookup,
  createMethodUrl,
  pipe,
  runStreamingCall,
  transformJoinEnvelopes,
  transformSerializeEnvelope,
} from "@connectrpc/connect/protocol";
import {
  requestHeaderWithCompression,
  validateResponseWithCompression,
  validateTrailer,
} from "@connectrpc/connect/protocol-grpc";
import {
  createGrpcTransport,
  createNodeHttpClient,
  type Http2SessionManager,
} from "@connectrpc/connect-node";
import type { Alert } from "@falco-outputs/core";
import { type Batched, batches, OutputsResponseSchema, SilenceError } from "@falco-outputs/core/contract";
import { version } from "../version.js";
import { AlertBatches } from "./alert-batches.js";
import { guard } from "./callback-guard.js";

export interface TransportOptions {
  baseUrl: string;
  sessionManager: Http2SessionManager;
  /** Connect's, around every call. */
  interceptors: Interceptor[];
  /** The largest message that is taken, in bytes. */
  maxMessageBytes: number;
}

const maxRequestBytes = 0xffff_ffff;

/**
 * Connect's gRPC transport for Node, but for streams of alerts: those it decodes itself, as many at once as arrived,
 * and hands over in batches. All that is around them, from headers to deadlines and errors, is Connect's as well.
 *
 * This file relies on Connect's protocol internals, `../session-manager.ts` on how its session manager works, and
 * `../explain.ts` on texts of its errors; none of them promises compatibility between versions. The tests of these three
 * files show what is relied on.
 */
export function createTransport(options: TransportOptions): Transport {
  const { baseUrl, sessionManager, maxMessageBytes } = options;
  const limits = { readMaxBytes: maxMessageBytes, writeMaxBytes: maxRequestBytes };
  const interceptors = guard(options.interceptors);
  // Alerts come uncompressed from every server that there is.
  const acceptCompression: [] = [];
  const connect = createGrpcTransport({
    baseUrl,
    sessionManager,
    interceptors,
    acceptCompression,
    ...limits,
  });

  /** What `stream` of a transport does, for a method that responds with alerts. */
  const alerts: Transport["stream"] = async (method, signal, timeoutMs, header, input, contextValues) => {
    const limitMs = timeoutMs !== undefined && timeoutMs <= 0 ? undefined : timeoutMs;
    const serialization = createMethodSerializationLookup(method, undefined, undefined, limits);
    const response = await runStreamingCall({
      interceptors,
      ...(signal !== undefined && { signal }),
      ...(limitMs !== undefined && { timeoutMs: limitMs }),
      req: {
        stream: true,
        service: method.parent,
        method,
        requestMethod: "POST",
        url: createMethodUrl(baseUrl, method),
        header: requestHeaderWithCompression(true, limitMs, ours(header), acceptCompression, null),
        contextValues: contextValues ?? createContextValues(),
        message: input,
      },
      next: async (call) => {
        const { request, stream } = requestOn(sessionManager);
        const { status, header, trailer, body } = await request({
          url: call.url,
          method: "POST",
          header: call.header,
          signal: call.signal,
          body: pipe(
            call.message,
            transformSerializeEnvelope(serialization.getI(true)),
            transformJoinEnvelopes(),
            { propagateDownStreamError: true },
          ),
        });
        const { foundStatus, headerError } = validateResponseWithCompression(
          acceptCompression,
          status,
          header,
        );
        if (headerError !== undefined) throw headerError;
        const { session } = stream();
        signal?.addEventListener("abort", () => {
          // The next call would be as silent on this connection, which ends with its last one.
          if (signal.reason instanceof SilenceError) session?.close();
        });
        const rest = body[Symbol.asyncIterator]();
        const batches = new AlertBatches({
          stream: stream(),
          maxBytes: maxMessageBytes,
          signal: call.signal,
          onRead: () => sessionManager.notifyResponseByteRead(stream()),
          // Connect knows how the stream ended; it has read none of it.
          ended: () => rest.next(),
          assertOk: () => {
            if (!foundStatus) validateTrailer(trailer, header);
          },
        });
        const received = { [Symbol.asyncIterator]: () => batches };
        // An interceptor has to see what the contract has: one message at a time.
        const message = interceptors.length === 0 ? received : each(received);
        return { ...call, header, trailer, message: message as AsyncIterable<never> };
      },
    });
    return interceptors.length > 0 ? response : { ...response, message: batched(response.message) };
  };

  return {
    unary: (method, signal, timeoutMs, header, ...call) =>
      connect.unary(method, signal, timeoutMs, ours(header), ...call),
    stream: (method, signal, timeoutMs, header, ...call) =>
      method.output.typeName === OutputsResponseSchema.typeName
        ? alerts(method, signal, timeoutMs, header, ...call)
        : connect.stream(method, signal, timeoutMs, ours(header), ...call),
  };
}

/** A call's headers with the name of this client, unless its caller has another. */
function ours(header: HeadersInit | undefined): Headers {
  const headers = new Headers(header);
  if (!headers.has("user-agent")) headers.set("user-agent", `falco-outputs-typescript/${version}`);
  return headers;
}

/** Connect's request over HTTP/2, with the stream that it makes. */
function requestOn(sessionManager: Http2SessionManager) {
  let stream: ClientHttp2Stream | undefined;
  const request = createNodeHttpClient({
    httpVersion: "2",
    sessionProvider: () => ({
      authority: sessionManager.authority,
      notifyResponseByteRead: (one) => sessionManager.notifyResponseByteRead(one),
      request: async (...parameters) => {
        stream = await sessionManager.request(...parameters);
        return stream;
      },
    }),
  });
  return { request, stream: () => stream! };
}

/** What was passed through as if its batches were messages. */
function batched(messages: AsyncIterable<unknown>): AsyncIterable<never> {
  const received = messages as AsyncIterable<readonly Alert[]>;
  const message: Batched<Alert> = {
    [Symbol.asyncIterator]: () => each(received),
    [batches]: () => received[Symbol.asyncIterator](),
  };
  return message as AsyncIterable<never>;
}

async function* each<T>(received: AsyncIterable<readonly T[]>): AsyncGenerator<T> {
  for await (const batch of received) yield* batch;
}
