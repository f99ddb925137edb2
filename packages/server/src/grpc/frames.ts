import { createContextKey, createContextValues } from "@connectrpc/connect";
import type { UniversalHandler, UniversalServerResponse } from "@connectrpc/connect/protocol";
import { versionHeader } from "@falco-outputs/core/contract";

/**
 * How the implementation of a method hands ready bytes to the response's body: it yields an empty message, and in place
 * of the chunk that Connect makes of it the body has whatever `take` returns. So headers, status, trailers, deadlines,
 * cancellation and interceptors stay Connect's, and delivering an alert is writing bytes that are there already.
 *
 * This file relies on Connect's protocol internals, which promise no compatibility between versions. So do `handler.ts`
 * (a router's list of handlers), `peer.ts` (which errors are printed) and `in-flight.ts` (when the next chunk is asked
 * for), and in the client the transport and the session manager. `node/src/connect-internals.test.ts` pins what all of
 * them rely on.
 */
export interface Frames {
  /** Whether the response's body takes gRPC frames as they are. */
  readonly accepted: boolean;
  /** Returns chunks that replace that of the yielded message; undefined after the last. */
  take: (() => Promise<Uint8Array | undefined>) | undefined;
  /** Whether that message's chunk is still to come, and to be dropped. */
  dropsNext: boolean;
}

export const framesKey = createContextKey<Frames>({ accepted: false, take: undefined, dropsNext: false });

const noBytes = new Uint8Array(0);

/**
 * Yields the message `empty` once, and has the body take its chunks from `take` instead: first of all an empty one, so
 * that headers go out at once.
 * @throws what `take` throws.
 */
export async function* handOver<Message>(
  frames: Frames,
  empty: Message,
  take: () => Promise<Uint8Array | undefined>,
): AsyncGenerator<Message> {
  let failure: { reason: unknown } | undefined;
  let isFirst = true;
  frames.dropsNext = true;
  frames.take = async () => {
    if (isFirst) {
      isFirst = false;
      return noBytes;
    }
    try {
      return await take();
    } catch (reason) {
      // Connect turns it into a status once this function continues.
      failure = { reason };
      return undefined;
    }
  };
  yield empty;
  if (failure !== undefined) throw failure.reason;
}

const binaryGrpc = /^application\/grpc(?:\+proto)?(?:;|$)/i;

/** A handler whose implementation finds `Frames` in its context, and whose every answer has our version header. */
export function withFrames(handler: UniversalHandler): UniversalHandler {
  const framing = async (request: Parameters<UniversalHandler>[0]): Promise<UniversalServerResponse> => {
    const frames: Frames = {
      accepted: binaryGrpc.test(request.header.get("content-type") ?? ""),
      take: undefined,
      dropsNext: false,
    };
    const contextValues = (request.contextValues ?? createContextValues()).set(framesKey, frames);
    const response = await handler({ ...request, contextValues });
    const header = new Headers(response.header);
    header.set(versionHeader, "1");
    return isIterable(response.body)
      ? { ...response, header, body: replaceChunks(response.body, frames, response.trailer) }
      : { ...response, header };
  };
  return Object.assign(framing, {
    service: handler.service,
    method: handler.method,
    requestPath: handler.requestPath,
    supportedContentType: handler.supportedContentType,
    protocolNames: handler.protocolNames,
    allowedMethods: handler.allowedMethods,
  });
}

function isIterable(body: UniversalServerResponse["body"]): body is AsyncIterable<Uint8Array> {
  return body !== undefined && Symbol.asyncIterator in body;
}

function replaceChunks(
  body: AsyncIterable<Uint8Array>,
  frames: Frames,
  trailer: Headers | undefined,
): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]() {
      const chunks = body[Symbol.asyncIterator]();
      return {
        async next() {
          for (;;) {
            const value = await frames.take?.();
            if (value !== undefined) return { done: false, value };
            frames.take = undefined;
            const chunk = await chunks.next();
            if (chunk.done === true) unescapeMessage(trailer);
            if (chunk.done === true || !frames.dropsNext) return chunk;
            // Connect may have asked for it long before, to know the headers.
            frames.dropsNext = false;
          }
        },
        // The adapter reports a failed write by one, the end by the other.
        ...(chunks.throw && { throw: (reason: unknown) => chunks.throw!(reason) }),
        ...(chunks.return && { return: (value: unknown) => chunks.return!(value) }),
      };
    },
  };
}

/**
 * Escapes in an error's message what gRPC says (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md), no
 * more: Connect escapes punctuation as well, which grpc-js then shows.
 */
function unescapeMessage(trailer: Headers | undefined): void {
  const message = trailer?.get("grpc-message");
  if (message == null) return;
  const escaped = encodeURI(decodeURIComponent(message)).replace(
    /%(?:20|22|3C|3E|5B|5C|5D|5E|60|7B|7C|7D)/g,
    decodeURIComponent,
  );
  trailer!.set("grpc-message", escaped);
}
