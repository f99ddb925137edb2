import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import type { OutputsRequest } from "@falco-outputs/core/contract";
import type { AlertLog, Cursor, Slice, Subscription } from "../log/alert-log.js";
import { scannedFrame } from "../log/slab.js";
import { toConnectError } from "./connect-error.js";
import { Heartbeats } from "./heartbeats.js";
import { boundedSliceBytes, InFlight } from "./in-flight.js";
import { peerKey } from "./peer.js";
import type { Mode, Subscribers } from "./subscribers.js";
import { assertLaterRequest } from "./subscription.js";

/** Where alerts come from, and the limits of a stream. */
export interface Delivery {
  readonly log: AlertLog;
  readonly subscribers: Subscribers;
  /** How long a stream may go without any progress, in milliseconds: a write that does not end, or an acknowledgement that does not come. */
  readonly stallTimeoutMs: number;
  /** How long a stream to a client of ours is silent at most, in milliseconds: then it is told how far the log was looked at. */
  readonly heartbeatIntervalMs: number;
}

/** An acknowledging client has half-closed: what it did not acknowledge goes to others, and the stream ends with OK. */
export const halfClosed = new Error("half-closed");

/**
 * The most bytes that are given to a stream at once; a larger alert goes alone. The fixed cost of a write is shared by
 * its alerts. A member of a group must leave some for the others, though.
 */
const broadcastSliceBytes = 256 * 1024;
const acknowledgedSliceBytes = 64 * 1024;

type State =
  /** The log was asked for alerts. The peer may owe acknowledgements, and nothing else. */
  | "asking"
  /**
   * Alerts were given to the connection, and the log is asked again once they are written; where what is in flight is
   * bounded, once enough of it is read. So it is the peer's turn to read.
   */
  | "writing"
  | "closed";

/** A stream of alerts to a client, from the first question to the log until its end. */
export class ServedStream {
  readonly #context: HandlerContext;
  readonly #subscribers: Subscribers;
  readonly #mode: Mode;
  readonly #cursor: Cursor;
  readonly #ended: AbortController;
  /** Aborts when the client is gone, the server stops, the deadline passes, or this ends the stream. */
  readonly #signal: AbortSignal;
  /** Undefined where a dead peer loses nothing, and where it is unknown what a peer has read. */
  readonly #inFlight: InFlight | undefined;
  readonly #sliceBytes: number;
  readonly #stall: NodeJS.Timeout;
  /** Undefined for clients that do not know them. */
  readonly #heartbeats: Heartbeats | undefined;
  #state: State = "asking";
  #sent = 0;
  #acknowledged = 0;
  #leave: (() => void) | undefined;

  /**
   * @param hasHeartbeats Whether the client knows them.
   * @throws ConnectError if the log refuses the subscription.
   */
  static async open(
    delivery: Delivery,
    subscription: Subscription,
    context: HandlerContext,
    hasHeartbeats: boolean,
  ): Promise<ServedStream> {
    let stream: ServedStream | undefined;
    const cursor = await delivery.log
      .open(subscription, (reason) => stream?.cut(reason))
      .catch((reason) => {
        throw toConnectError(reason);
      });
    const heartbeats = hasHeartbeats
      ? new Heartbeats(cursor, delivery.heartbeatIntervalMs, passesOver(subscription))
      : undefined;
    stream = new ServedStream(delivery, subscription.mode, cursor, context, heartbeats);
    return stream;
  }

  private constructor(
    { subscribers, stallTimeoutMs }: Delivery,
    mode: Mode,
    cursor: Cursor,
    context: HandlerContext,
    heartbeats: Heartbeats | undefined,
  ) {
    this.#heartbeats = heartbeats;
    this.#context = context;
    this.#subscribers = subscribers;
    this.#mode = mode;
    this.#cursor = cursor;
    this.#ended = new AbortController();
    this.#signal = AbortSignal.any([context.signal, this.#ended.signal]);
    if (mode === "broadcast") {
      this.#sliceBytes = broadcastSliceBytes;
    } else if (cursor.window > 0) {
      this.#sliceBytes = acknowledgedSliceBytes;
    } else {
      this.#sliceBytes = boundedSliceBytes;
      const reading = context.values.get(peerKey)?.reading;
      this.#inFlight = reading && new InFlight(reading);
    }
    this.#stall = setTimeout(() => this.#endIfStalled(), stallTimeoutMs).unref();
    // A write to a stream that was reset never settles, so that whoever waits for it may never close this.
    context.signal.addEventListener("abort", this.close, { once: true });
  }

  /** The sequence number after which the stream starts. */
  get position(): number {
    return this.#cursor.position;
  }

  /** How many responses may be unacknowledged; 0 without acknowledgement. */
  get window(): number {
    return this.#cursor.window;
  }

  /** Reads what the client sends after its first request: acknowledgements, or nothing that matters. */
  readRequests(requests: AsyncIterable<OutputsRequest>): void {
    this.#readRequests(requests).catch((reason) => this.#ended.abort(toConnectError(reason)));
  }

  /**
   * What comes next, once what came before is written. Undefined when nothing more comes.
   * @throws why the stream ended.
   */
  async next(): Promise<Slice | undefined> {
    const room = this.#inFlight?.room(this.#signal);
    if (room !== undefined) await room;
    this.#signal.throwIfAborted();
    this.#state = "asking";
    const asked = this.#cursor.next(this.#sliceBytes, this.#signal);
    // From its first request to the log on, it gets its share.
    this.#leave ??= this.#subscribers.add(this.#mode);
    const slice = asked instanceof Promise ? await asked : asked;
    if (slice === undefined) return undefined;
    this.#heartbeats?.sent();
    // For one that owes acknowledgements a write is not progress: its program may have hung long ago.
    if (this.window === 0 || this.#acknowledged === this.#sent) this.#stall.refresh();
    this.#sent += slice.count;
    if (slice.loss === undefined) this.#subscribers.deliver(this.#mode, slice.count);
    this.#inFlight?.add(slice.bytes.length);
    this.#state = "writing";
    return slice.loss === "last" && this.#mode === "broadcast" && this.#heartbeats
      ? this.#withPlace(slice)
      : slice;
  }

  /** A loss, and how far the log was looked at: a client that comes back goes on after what it was told of. */
  #withPlace({ bytes, count }: Slice): Slice {
    return { bytes: Buffer.concat([bytes, scannedFrame(this.#cursor.scanned)]), count };
  }

  /** Ends the stream, even during a write that does not end. */
  cut(reason: Error): void {
    this.#ended.abort(reason);
    if (this.#state === "writing") this.#context.values.get(peerKey)?.cut();
  }

  readonly close = (): void => {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#context.signal.removeEventListener("abort", this.close);
    clearTimeout(this.#stall);
    this.#heartbeats?.close();
    this.#leave?.();
    void this.#cursor.close();
  };

  async #readRequests(requests: AsyncIterable<OutputsRequest>): Promise<void> {
    for await (const request of requests) {
      assertLaterRequest(request, this.window > 0);
      if (request.acknowledged === undefined) continue;
      this.#acknowledged = Math.max(this.#acknowledged, Number(request.acknowledged));
      this.#cursor.acknowledge(this.#acknowledged);
      this.#stall.refresh();
    }
    if (this.window > 0) this.#ended.abort(halfClosed);
  }

  #endIfStalled(): void {
    if (this.#state === "writing") {
      this.cut(new ConnectError("too slow: the stream made no progress", Code.ResourceExhausted));
    } else if (this.window > 0 && this.#acknowledged < this.#sent) {
      this.cut(new ConnectError("no acknowledgement came in time", Code.Aborted));
    }
  }
}

/** Whether a subscription's cursor may pass over alerts. */
function passesOver(subscription: Subscription): boolean {
  switch (subscription.mode) {
    case "shared":
      return false;
    case "group":
      return subscription.filter !== undefined;
    case "broadcast":
      return subscription.filter !== undefined || subscription.window !== undefined;
  }
}
