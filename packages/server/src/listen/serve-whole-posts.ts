import { STATUS_CODES } from "node:http";
import type { Server, Socket } from "node:net";
import type { Connection, Connections } from "./connections.js";
import { type PostHead, WholePosts } from "./whole-posts.js";

/** How a post is answered, once. */
export interface PostAnswer {
  /** Something of it was queued, and so much of it was not an alert. */
  queued(rejected: number): void;
  refused(status: number, reason: string): void;
}

/** Takes what was posted; `body` is valid until the answer. */
export type TakePost = (body: Uint8Array, contentType: string, answer: PostAnswer) => void;

/** Takes posts that arrive whole. */
export interface WholePostTaker {
  /** Asked once for each new head on a connection; undefined for one that node:http is to answer. */
  takeFor(head: PostHead): TakePost | undefined;
  /** Whether heads hold secrets, and are compared in constant time. */
  readonly areSecret?: boolean | undefined;
}

/** Of an answer that something was queued: how much else was in the body that is not an alert. */
export const rejectedHeader = "falco-outputs-rejected";

/**
 * Serves posts that arrive whole on the bare connection, as node:http costs more than all the rest of a post. When
 * anything else arrives, the connection goes to node:http for good, with what arrived.
 * @param event The server's, which a connection begins with.
 */
export function serveWholePosts(
  server: Server,
  event: "connection" | "secureConnection",
  connections: Connections,
  taker: WholePostTaker,
): void {
  const others = server.listeners(event) as ((this: Server, socket: Socket) => void)[];
  // node:http's own is the last: those before it track connections.
  const toHttp = others.at(-1)!;
  server.off(event, toHttp);
  server.on(event, (socket: Socket) => {
    new PostConnection(socket, connections, taker, () => toHttp.call(server, socket));
  });
}

class PostConnection implements PostAnswer {
  readonly #socket: Socket;
  readonly #connection: Connection;
  readonly #connections: Connections;
  readonly #taker: WholePostTaker;
  readonly #toHttp: () => void;
  readonly #posts: WholePosts;
  /** The head that `#take` is for. */
  #head: PostHead | undefined;
  #take: TakePost | undefined;
  #isAnswered = true;
  /** Called with the answer, if that does not come at once. */
  #letGo: (() => void) | undefined;

  constructor(socket: Socket, connections: Connections, taker: WholePostTaker, toHttp: () => void) {
    this.#socket = socket;
    this.#connections = connections;
    this.#connection = connections.of(socket);
    this.#taker = taker;
    this.#posts = new WholePosts(taker.areSecret === true);
    this.#toHttp = toHttp;
    this.#connection.endsUnused = true;
    socket.on("error", ignore).on("end", this.#onEnd).on("drain", this.#onDrain).on("data", this.#onData);
  }

  readonly #onData = (bytes: Buffer): void => {
    const start = this.#posts.bodyOf(bytes);
    const { head } = this.#posts;
    if (start !== -1 && head !== this.#head) {
      this.#head = head;
      this.#take = this.#taker.takeFor(head);
    }
    if (start === -1 || this.#take === undefined) {
      this.#handOver(bytes);
      return;
    }
    this.#connections.use(this.#connection);
    this.#isAnswered = false;
    this.#take(bytes.subarray(start), head.contentType, this);
    if (this.#isAnswered) return;
    // One after the other.
    this.#socket.pause();
    this.#letGo = this.#connections.hold(this.#connection);
  };

  queued(rejected: number): void {
    const more = rejected === 0 ? "" : `${rejectedHeader}: ${rejected}\r\n`;
    this.#answer(`HTTP/1.1 200 OK\r\ncontent-length: 0\r\n${more}${commonFields()}\r\n\r\n`);
  }

  refused(status: number, reason: string): void {
    const text = `${reason}\n`;
    const type = "content-type: text/plain; charset=utf-8";
    const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${type}\r\ncontent-length: ${Buffer.byteLength(text)}`;
    this.#answer(`${head}\r\n${commonFields()}\r\n\r\n${text}`);
  }

  #answer(text: string): void {
    this.#isAnswered = true;
    // A peer that does not read its answers is not heard until it does.
    if (!this.#socket.write(text)) this.#socket.pause();
    else if (this.#letGo !== undefined) this.#socket.resume();
    this.#letGo?.();
    this.#letGo = undefined;
  }

  readonly #onDrain = (): void => {
    if (this.#isAnswered) this.#socket.resume();
  };

  readonly #onEnd = (): void => {
    this.#socket.end();
  };

  #handOver(bytes: Buffer): void {
    const socket = this.#socket;
    this.#connection.endsUnused = false;
    socket.off("error", ignore).off("end", this.#onEnd).off("drain", this.#onDrain).off("data", this.#onData);
    socket.pause();
    socket.unshift(bytes);
    this.#toHttp();
    socket.resume();
  }
}

function ignore(): void {
  // The peer is gone, and its connection with it.
}

let fieldsOfSecond = { second: 0, text: "" };

/** What node:http writes into every answer; a date is asked for by RFC 9110. */
function commonFields(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== fieldsOfSecond.second) {
    const date = new Date(second * 1000).toUTCString();
    fieldsOfSecond = { second, text: `Date: ${date}\r\nConnection: keep-alive` };
  }
  return fieldsOfSecond.text;
}
