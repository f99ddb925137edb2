import { create, type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError, createContextKey, type HandlerContext } from "@connectrpc/connect";
import { FalcoError } from "@falco-outputs/core";
import {
  type OutputsRequest,
  positionHeader,
  versionHeader,
  windowHeader,
} from "@falco-outputs/core/contract";
import type { AlertLog, Slice, Subscription } from "../log/alert-log.js";
import { framesKey, handOver } from "./frames.js";
import type { Subscribers } from "./subscribers.js";
import { assertLaterRequest } from "./subscription.js";

/** Where alerts come from, and the limits of a stream. */
export interface Delivery {
  readonly log: AlertLog;
  readonly subscribers: Subscribers;
  /** How long a stream may go without any progress, in milliseconds: a write that does not end, or an acknowledgement that does not come. */
  readonly stallTimeoutMs: number;
}

/** Cuts a stream whose peer does not read, so that no status would reach it. Undefined where there is no socket. */
export const cutKey = createContextKey<(() => void) | undefined>(undefined);

/** The reason with which a server that stops ends its streams. */
export const shutdown = new ConnectError("the server is stopping", Code.Unavailable);

/** What goes to a stream at once; a larger alert goes alone. */
const sliceBytes = 64 * 1024;
/** An acknowledging client has said its last word: what it left is given to others, and the stream ends well. */
const halfClosed = new Error("half-closed");

/** Whether the client is one of ours. */
export function isOurs(context: HandlerContext): boolean {
  return context.requestHeader.has(versionHeader);
}

/** Streams what a cursor on the log gives, until it ends, the client goes or the server stops. */
export async function* deliver<Desc extends DescMessage>(
  schema: Desc,
  { log, subscribers, stallTimeoutMs }: Delivery,
  subscription: Subscription,
  context: HandlerContext,
  laterRequests?: AsyncIterable<OutputsRequest>,
): AsyncGenerator<MessageShape<Desc>> {
  const empty = create(schema);
  const frames = context.values.get(framesKey);
  const ended = new AbortController();
  const signal = AbortSignal.any([context.signal, ended.signal]);
  const cut = (reason: Error) => {
    ended.abort(reason);
    if (writing) context.values.get(cutKey)?.();
  };
  let writing = false;
  let sent = 0;
  let acknowledged = 0;

  const cursor = await log.open(subscription, cut).catch((reason) => {
    throw toConnectError(reason);
  });
  let leave: (() => void) | undefined;
  const stall = setTimeout(() => {
    const waiting = cursor.window > 0 && acknowledged < sent;
    if (writing) cut(new ConnectError("too slow: the stream made no progress", Code.ResourceExhausted));
    else if (waiting) cut(new ConnectError("no acknowledgement came in time", Code.Aborted));
  }, stallTimeoutMs);
  stall.unref();
  // A write to a stream that was reset never settles, so that the end of this function might not come.
  const close = () => {
    clearTimeout(stall);
    leave?.();
    void cursor.close();
  };
  context.signal.addEventListener("abort", close, { once: true });

  const readRequests = async () => {
    for await (const request of laterRequests ?? []) {
      assertLaterRequest(request, cursor.window > 0);
      if (request.acknowledged === undefined) continue;
      acknowledged = Math.max(acknowledged, Number(request.acknowledged));
      cursor.acknowledge(acknowledged);
      stall.refresh();
    }
    if (laterRequests !== undefined && cursor.window > 0) ended.abort(halfClosed);
  };
  readRequests().catch((reason) => ended.abort(toConnectError(reason)));

  /** What comes next, once what came before is written. */
  const take = async (): Promise<Slice | undefined> => {
    writing = false;
    const waited = cursor.next(sliceBytes, signal);
    // From its first question on it gets its share.
    leave ??= subscribers.add();
    const slice = waited instanceof Promise ? await waited : waited;
    if (slice === undefined) return undefined;
    // A write is no progress of one who owes acknowledgements: it may have gone silent long ago.
    if (cursor.window === 0 || acknowledged === sent) stall.refresh();
    sent += slice.count;
    writing = true;
    return slice;
  };

  try {
    context.responseHeader.set(positionHeader, String(cursor.position));
    context.responseHeader.set(windowHeader, String(cursor.window));
    if (frames.accepted) {
      yield* handOver(frames, empty, async () => (await take())?.bytes);
      return;
    }
    // Headers go out at once, with an empty chunk.
    yield* handOver(frames, empty, async () => undefined);
    for (let slice = await take(); slice !== undefined; slice = await take()) yield* messages(schema, slice);
  } catch (reason) {
    if (reason === halfClosed) return;
    // Falco ended its streams with OK when it stopped. Our clients are told, and come back.
    if (context.signal.aborted && context.signal.reason === shutdown && !isOurs(context)) return;
    throw reason;
  } finally {
    context.signal.removeEventListener("abort", close);
    close();
  }
}

function toConnectError(reason: unknown): ConnectError {
  return reason instanceof FalcoError
    ? new ConnectError(reason.message, reason.code, undefined, undefined, reason)
    : ConnectError.from(reason);
}

/** A slice as messages, for protocols whose frames are not gRPC's. */
function* messages<Desc extends DescMessage>(schema: Desc, { bytes }: Slice): Generator<MessageShape<Desc>> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; ) {
    const start = at + 5;
    at = start + view.getUint32(at + 1);
    yield fromBinary(schema, bytes.subarray(start, at));
  }
}
