import {
  Code,
  ConnectError,
  createContextValues,
  type Interceptor,
  type Transport,
} from "@connectrpc/connect";
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
import { AlertDecoder } from "@falco-outputs/core/codec";
import { type Batched, batches, OutputsResponseSchema } from "@falco-outputs/core/contract";
import { EnvelopeReader } from "./envelope-reader.js";

export interface TransportOptions {
  baseUrl: string;
  sessionManager: Http2SessionManager;
  /** Connect's, around every call. */
  interceptors: Interceptor[];
}

/** gRPC's usual limit; a server of ours sends no alert above 1 MiB. */
const maxResponseBytes = 4 * 1024 * 1024;
const maxRequestBytes = 0xffff_ffff;
const limits = { readMaxBytes: maxResponseBytes, writeMaxBytes: maxRequestBytes };

/**
 * Connect's gRPC transport for Node, but for streams of alerts: those it decodes itself, as many at once as arrived,
 * and hands over in batches. All that is around them, from headers to deadlines and errors, is Connect's as well.
 *
 * This is the one file of the client that relies on Connect's protocol internals, which promise no compatibility between
 * versions.
 */
export function createTransport({ baseUrl, sessionManager, interceptors }: TransportOptions): Transport {
  // Alerts come uncompressed from every server that there is.
  const acceptCompression: [] = [];
  const connect = createGrpcTransport({
    baseUrl,
    sessionManager,
    interceptors,
    acceptCompression,
    ...limits,
  });
  const request = createNodeHttpClient({ httpVersion: "2", sessionProvider: () => sessionManager });

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
        header: requestHeaderWithCompression(true, limitMs, header, acceptCompression, null),
        contextValues: contextValues ?? createContextValues(),
        message: input,
      },
      next: async (call) => {
        const { status, header, trailer, body } = await request({
          url: call.url,
          method: "POST",
          header: call.header,
          signal: call.signal,
          body: pipe(
            call.message,
            transformSerializeEnvelope(serialization.getI(true)),
            transformJoinEnvelopes(),
            {
              propagateDownStreamError: true,
            },
          ),
        });
        const { foundStatus, headerError } = validateResponseWithCompression(
          acceptCompression,
          status,
          header,
        );
        if (headerError !== undefined) throw headerError;
        const received = receive(body, () => {
          if (!foundStatus) validateTrailer(trailer, header);
        });
        // An interceptor has to see what the contract has: one message at a time.
        const message = interceptors.length === 0 ? received : each(received);
        return { ...call, header, trailer, message: message as AsyncIterable<never> };
      },
    });
    return interceptors.length > 0 ? response : { ...response, message: batched(response.message) };
  };

  return {
    unary: connect.unary,
    stream: (method, ...call) =>
      method.output.typeName === OutputsResponseSchema.typeName
        ? alerts(method, ...call)
        : connect.stream(method, ...call),
  };
}

/**
 * The alerts in a response's body, each batch decoded when it is asked for, and only then more is read: HTTP/2's flow
 * control holds the server back meanwhile.
 * @param end Called at the body's end; throws what its status says.
 */
function receive(body: AsyncIterable<Uint8Array>, end: () => void): AsyncIterable<readonly Alert[]> {
  const chunks = body[Symbol.asyncIterator]();
  let batch: Alert[] = [];
  let failure: ConnectError | undefined;
  const decoder = new AlertDecoder(textSlices);
  const reader = new EnvelopeReader(maxResponseBytes, (bytes, from, to) => {
    try {
      batch.push(decoder.decode(bytes, from, to));
    } catch (error) {
      throw new ConnectError(`parse binary: ${(error as Error).message}`, Code.Internal);
    }
  });
  const next = async (): Promise<IteratorResult<readonly Alert[], undefined>> => {
    while (failure === undefined) {
      const chunk = await chunks.next();
      if (chunk.done === true) {
        reader.end();
        end();
        return { value: undefined, done: true };
      }
      batch = [];
      try {
        reader.read(chunk.value as Buffer);
      } catch (error) {
        // What came before it is good.
        failure = ConnectError.from(error);
      }
      if (batch.length > 0) return { value: batch, done: false };
    }
    throw failure;
  };
  return { [Symbol.asyncIterator]: () => ({ next }) };
}

const textSlices = {
  latin1: (bytes: Uint8Array, start: number, end: number) => (bytes as Buffer).toString("latin1", start, end),
  utf8: (bytes: Uint8Array, start: number, end: number) => (bytes as Buffer).toString("utf8", start, end),
};

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
