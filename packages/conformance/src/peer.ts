import { once } from "node:events";
import {
  constants,
  createServer,
  type Http2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { setTimeout as delay } from "node:timers/promises";
import { encodeLine } from "@falco-outputs/core/codec";
import type { PeerEnd } from "./case.js";
import { grpcFrame, trailersOnly } from "./grpc-answers.js";
import { statusNames } from "./status.js";
import { readFields, writeVarint } from "./testees/grpc-js/wire.js";

/** Fields of a response. */
const sequenceField = 10;
const scannedField = 11;
/** The field of a request that says where a stream starts. */
const afterField = 8;
/** The field of a request that says how many responses are done. */
const acknowledgedField = 10;
/** How often `raiseUntilRequests` raises an alert: many times in the interval at which clients poll. */
const raiseEveryMs = 10;

/**
 * What a client may meet instead of the reference server: it sends what a case says, be it right or wrong. Streams get
 * it whatever they ask for; what comes while there is none waits for the next.
 */
export class Peer {
  readonly address: string;
  /** As each request had it. */
  readonly userAgents: string[] = [];
  /** The sequence number after which each stream asked to start; undefined where it did not say. */
  readonly startsAfter: (bigint | undefined)[] = [];
  /** How many responses the last request that said so acknowledged. */
  acknowledged: bigint | undefined;
  readonly #heartbeatIntervalMs: number | undefined;
  readonly #isFalco: boolean;
  readonly #server: Http2Server;
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #streams = new Set<ServerHttp2Stream>();
  readonly #waiting = new Set<() => void>();
  #pending: Buffer[] = [];
  #sequence = 1_000_000n;
  /** How many requests streams sent. */
  #requests = 0;

  private constructor(path: string, isFalco: boolean, heartbeatIntervalMs: number | undefined) {
    this.#heartbeatIntervalMs = heartbeatIntervalMs;
    this.address = `unix://${path}`;
    this.#isFalco = isFalco;
    this.#server = createServer();
    this.#server.on("session", (session) => {
      this.#sessions.add(session);
      session.once("close", () => this.#sessions.delete(session));
    });
    this.#server.on("stream", (stream, headers) => {
      stream.on("error", () => undefined); // "close" follows
      this.userAgents.push(headers["user-agent"] ?? "");
      const method = String(headers[":path"]).split("/").at(-1);
      if (method === "sub" || method === "get") this.#open(stream);
      else trailersOnly(stream, "UNIMPLEMENTED", "", this.#headers);
    });
  }

  /** @param is Whether it answers as our server does, or as Falco's own. */
  static async start(is: "ours" | "falco", path: string, heartbeatIntervalMs?: number): Promise<Peer> {
    const peer = new Peer(path, is === "falco", heartbeatIntervalMs);
    await once(peer.#server.listen(path), "listening");
    return peer;
  }

  stats(): { subscribers: number } {
    return { subscribers: this.#streams.size };
  }

  waitForSubscribers(count: number): Promise<void> {
    return this.#until(() => this.#streams.size === count);
  }

  /** Sends an alert of Falco's JSON, or an encoded one. Returns its sequence number. */
  publish(alert: string | Uint8Array): bigint {
    const bytes = typeof alert === "string" ? encodeLine(alert) : alert;
    const sequence = ++this.#sequence;
    this.send(this.#isFalco ? bytes : Buffer.concat([bytes, writeVarint(sequenceField, sequence)]));
    return sequence;
  }

  /** Sends these bytes as a message, which takes no sequence number. */
  send(message: Uint8Array): void {
    this.#pending.push(grpcFrame(message));
    this.#flush();
  }

  /** Says so many times that the log was looked at up to its end, once an interval. */
  async tellScanned(times: number): Promise<void> {
    for (let told = 1; ; told++) {
      this.send(writeVarint(scannedField, this.#sequence));
      if (told === times) return;
      await delay(this.#heartbeatIntervalMs);
    }
  }

  /** Alerts that no stream gets. */
  skip(count: number): void {
    this.#sequence += BigInt(count);
  }

  /** Raises an alert again and again, until streams have sent so many requests, or are over. */
  async raiseUntilRequests(line: string, count: number): Promise<void> {
    const timer = setInterval(() => this.publish(line), raiseEveryMs);
    await this.#until(() => this.#requests >= count || this.#streams.size === 0);
    clearInterval(timer);
  }

  /** Ends the streams that there are. */
  end(how: PeerEnd): void {
    for (const stream of this.#streams) {
      const trailers = how === "without_trailers" ? {} : statusTrailers(how);
      stream.once("wantTrailers", () => {
        stream.sendTrailers(trailers);
        setImmediate(() => stream.close(constants.NGHTTP2_NO_ERROR));
      });
      stream.end();
    }
  }

  async stop(): Promise<void> {
    for (const session of this.#sessions) session.destroy();
    this.#streams.clear();
    this.#changed();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get #headers(): Record<string, string> {
    if (this.#isFalco) return {};
    return {
      "falco-outputs-version": "1",
      "falco-outputs-position": String(this.#sequence - BigInt(this.#pending.length)),
      "falco-outputs-window": "4096",
      ...(this.#heartbeatIntervalMs !== undefined && {
        "falco-outputs-heartbeat-ms": String(this.#heartbeatIntervalMs),
      }),
    };
  }

  #open(stream: ServerHttp2Stream): void {
    this.#streams.add(stream);
    stream.once("close", () => {
      this.#streams.delete(stream);
      this.#changed();
    });
    let received = Buffer.alloc(0);
    let isFirst = true;
    stream.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 5 && received.length >= 5 + received.readUInt32BE(1)) {
        const end = 5 + received.readUInt32BE(1);
        const request = received.subarray(5, end);
        if (isFirst) this.startsAfter.push(fieldOf(request, afterField));
        isFirst = false;
        this.acknowledged = fieldOf(request, acknowledgedField) ?? this.acknowledged;
        received = received.subarray(end);
        this.#requests++;
      }
      this.#changed();
    });
    // Falco's own server sends its headers with the first alert.
    if (!this.#isFalco) this.#respond(stream);
    this.#flush();
    this.#changed();
  }

  #respond(stream: ServerHttp2Stream): void {
    stream.respond(
      { ":status": 200, "content-type": "application/grpc", ...this.#headers },
      { waitForTrailers: true },
    );
  }

  #flush(): void {
    const [stream] = this.#streams;
    if (stream === undefined || stream.destroyed || stream.writableEnded) return;
    for (const frame of this.#pending.splice(0)) {
      if (!stream.headersSent) this.#respond(stream);
      stream.write(frame);
    }
  }

  #until(isTrue: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if (!isTrue()) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }

  #changed(): void {
    for (const check of this.#waiting) check();
  }
}

function fieldOf(request: Buffer, wanted: number): bigint | undefined {
  for (const { number, varint } of readFields(request)) if (number === wanted) return varint;
  return undefined;
}

function statusTrailers({ status, message = "" }: Exclude<PeerEnd, string>): Record<string, string> {
  return {
    "falco-outputs-version": "1",
    "grpc-status": String(statusNames.indexOf(status)),
    "grpc-message": encodeURIComponent(message),
  };
}
