import { create, type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import {
  LegacyResponseSchema,
  type LegacyService,
  type OutputsRequest,
  OutputsResponseSchema,
  type OutputsService,
  positionHeader,
  versionHeader,
} from "@falco-outputs/core/contract";
import type { AlertLog, Slice, Subscription } from "../log/alert-log.js";
import { firstRequest } from "./first-request.js";
import { framesKey } from "./frames.js";
import type { Subscribers } from "./subscribers.js";

/** What goes to a stream at once; a larger alert goes alone. */
const sliceBytes = 64 * 1024;
const noBytes = new Uint8Array(0);

/** `falco.outputs.service`: sub and get. */
export function outputsService(log: AlertLog, subscribers: Subscribers): ServiceImpl<typeof OutputsService> {
  return {
    async *sub(requests, context) {
      const { request, rest } = await firstRequest(requests, isOurs(context));
      if (request !== undefined) refuseOptions(request, Code.Unimplemented);
      const failed = watchRequests(rest);
      const subscription = { mode: "shared", follow: true } as const;
      yield* deliver(OutputsResponseSchema, log, subscription, subscribers, context, failed);
    },
    async *get(request, context) {
      refuseOptions(request, Code.Unimplemented);
      const subscription = { mode: "shared", follow: false } as const;
      yield* deliver(OutputsResponseSchema, log, subscription, subscribers, context);
    },
  };
}

/** `falco.output.service`, the oldest: subscribe. Its response is the beginning of today's, so the bytes serve as well. */
export function legacyService(log: AlertLog, subscribers: Subscribers): ServiceImpl<typeof LegacyService> {
  return {
    async *subscribe(request, context) {
      const subscription = { mode: "shared", follow: request.keepalive } as const;
      yield* deliver(LegacyResponseSchema, log, subscription, subscribers, context);
    },
  };
}

/** Streams what a cursor on the log gives, until it ends, the client goes or the server stops. */
async function* deliver<Desc extends DescMessage>(
  schema: Desc,
  log: AlertLog,
  subscription: Subscription,
  subscribers: Subscribers,
  context: HandlerContext,
  failed?: AbortSignal,
): AsyncGenerator<MessageShape<Desc>> {
  const empty = create(schema);
  const frames = context.values.get(framesKey);
  const signal = failed === undefined ? context.signal : AbortSignal.any([context.signal, failed]);
  const cursor = await log.open(subscription);
  const leave = subscribers.add();
  // A write to a stream that was reset never settles, so that the end of this function might not come.
  const close = () => {
    leave();
    void cursor.close();
  };
  context.signal.addEventListener("abort", close, { once: true });
  try {
    context.responseHeader.set(positionHeader, String(cursor.position));
    // Headers go out at once, with an empty chunk.
    frames.replacement = noBytes;
    yield empty;
    for (;;) {
      const waited = cursor.next(sliceBytes, signal);
      const slice = waited instanceof Promise ? await waited : waited;
      if (slice === undefined) return;
      if (frames.accepted) {
        frames.replacement = slice.bytes;
        yield empty;
      } else {
        yield* messages(schema, slice);
      }
    }
  } catch (reason) {
    // Falco ended its streams with OK when it stopped. Our clients are told, and come back.
    if (context.signal.aborted && context.signal.reason === shutdown && !isOurs(context)) return;
    throw reason;
  } finally {
    context.signal.removeEventListener("abort", close);
    close();
  }
}

/** The reason with which a server that stops ends its streams. */
export const shutdown = new ConnectError("the server is stopping", Code.Unavailable);

function isOurs(context: HandlerContext): boolean {
  return context.requestHeader.has(versionHeader);
}

/** Reads a stream's later requests for its whole life; the signal aborts when one is wrong. Empty ones are polls. */
function watchRequests(requests: AsyncIterable<OutputsRequest>): AbortSignal {
  const controller = new AbortController();
  const read = async () => {
    for await (const request of requests) refuseOptions(request, Code.FailedPrecondition);
  };
  read().catch((reason) => controller.abort(ConnectError.from(reason)));
  return controller.signal;
}

function refuseOptions(request: OutputsRequest, code: Code.Unimplemented | Code.FailedPrecondition): void {
  const { $typeName, $unknown, ...options } = request;
  const set = Object.entries(options)
    .filter(([, value]) =>
      Array.isArray(value) ? value.length > 0 : Boolean(value) || value === 0n || value === 0,
    )
    .map(([name]) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
  if (set.length === 0) return;
  throw new ConnectError(
    code === Code.Unimplemented
      ? `${set.join(", ")}: not served by this server, which has the shared queue only`
      : `${set.join(", ")}: too late, options belong into a stream's first request`,
    code,
  );
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
