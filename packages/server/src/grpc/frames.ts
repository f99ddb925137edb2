import { createContextKey, createContextValues } from "@connectrpc/connect";
import type { UniversalHandler, UniversalServerResponse } from "@connectrpc/connect/protocol";
import { versionHeader } from "@falco-outputs/core/contract";

/**
 * How the implementation of a method hands ready bytes to the response's body: it yields an empty message, and the
 * chunk that Connect makes of it is replaced. So headers, status, trailers, deadlines, cancellation and interceptors
 * stay Connect's, and delivering an alert is writing bytes that are there already.
 *
 * This is the one file that relies on Connect's protocol internals, which promise no compatibility between versions.
 */
export interface Frames {
  /** Whether the response's body takes gRPC frames as they are. */
  readonly accepted: boolean;
  /** Replaces the chunk of the message that is yielded next. */
  replacement: Uint8Array | undefined;
}

export const framesKey = createContextKey<Frames>({ accepted: false, replacement: undefined });

const binaryGrpc = /^application\/grpc(?:\+proto)?(?:;|$)/i;

/** A handler whose implementation finds `Frames` in its context, and whose every answer has our version header. */
export function withFrames(handler: UniversalHandler): UniversalHandler {
  const framing = async (request: Parameters<UniversalHandler>[0]): Promise<UniversalServerResponse> => {
    const frames: Frames = {
      accepted: binaryGrpc.test(request.header.get("content-type") ?? ""),
      replacement: undefined,
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
          const chunk = await chunks.next();
          const { replacement } = frames;
          if (chunk.done === true) unescapeMessage(trailer);
          if (chunk.done === true || replacement === undefined) return chunk;
          frames.replacement = undefined;
          return { done: false, value: replacement };
        },
        // The adapter tells of a failed write by one, of its end by the other.
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
