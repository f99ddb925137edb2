import { create, type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { messageBytesAt, prefixBytes } from "@falco-outputs/core/codec";
import {
  heartbeatHeader,
  type OutputsRequest,
  OutputsResponseSchema,
  positionHeader,
  versionHeader,
  windowHeader,
} from "@falco-outputs/core/contract";
import type { Slice, Subscription } from "../log/alert-log.js";
import { framesKey, handOver } from "./frames.js";
import { type Delivery, halfClosed, ServedStream } from "./served-stream.js";

/** The reason with which a server that stops ends its streams. */
export const shutdown = new ConnectError("the server is stopping", Code.Unavailable);

/** Whether the client is one of ours. */
export function isOurs(context: HandlerContext): boolean {
  return context.requestHeader.has(versionHeader);
}

/** Streams what a cursor on the log returns, until it ends, the client goes or the server stops. */
export async function* deliver<Desc extends DescMessage>(
  schema: Desc,
  delivery: Delivery,
  subscription: Subscription,
  context: HandlerContext,
  laterRequests?: AsyncIterable<OutputsRequest>,
): AsyncGenerator<MessageShape<Desc>> {
  const empty = create(schema);
  const frames = context.values.get(framesKey);
  // What is not an alert would be an empty one to a client of the oldest service.
  const hasHeartbeats = isOurs(context) && schema.typeName === OutputsResponseSchema.typeName;
  const stream = await ServedStream.open(delivery, subscription, context, hasHeartbeats);
  if (laterRequests !== undefined) stream.readRequests(laterRequests);
  try {
    context.responseHeader.set(positionHeader, String(stream.position));
    context.responseHeader.set(windowHeader, String(stream.window));
    if (hasHeartbeats) context.responseHeader.set(heartbeatHeader, String(delivery.heartbeatIntervalMs));
    if (frames.accepted) {
      yield* handOver(frames, empty, async () => (await stream.next())?.bytes);
      return;
    }
    // Headers go out at once, with an empty chunk.
    yield* handOver(frames, empty, async () => undefined);
    for (let slice = await stream.next(); slice !== undefined; slice = await stream.next()) {
      yield* messages(schema, slice);
    }
  } catch (reason) {
    if (reason === halfClosed) return;
    // Falco ended its streams with OK when it stopped. Our clients are told, and come back.
    if (context.signal.aborted && context.signal.reason === shutdown && !isOurs(context)) return;
    throw reason;
  } finally {
    stream.close();
  }
}

/** A slice as messages, for protocols whose frames are not gRPC's. */
function* messages<Desc extends DescMessage>(schema: Desc, { bytes }: Slice): Generator<MessageShape<Desc>> {
  for (let at = 0; at < bytes.length; ) {
    const start = at + prefixBytes;
    at = start + messageBytesAt(bytes, at);
    yield fromBinary(schema, bytes.subarray(start, at));
  }
}
