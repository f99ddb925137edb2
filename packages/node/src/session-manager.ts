import { constants, type Http2Session } from "node:http2";
import { Http2SessionManager } from "@connectrpc/connect-node";

/** What all streams of a connection may have on their way, in bytes. */
const connectionWindowBytes = 4 * 1024 * 1024;

/**
 * Connect's session manager, with a window for fast streams and an end that is not an error. It is also made safe
 * against a connection that fails while the manager turns away from it (`close`, or the next call): the manager then
 * takes its listeners along, and the error that comes a moment later would end the process.
 */
export class SessionManager extends Http2SessionManager {
  readonly #sessions = new Set<Http2Session>();

  override async request(...parameters: Parameters<Http2SessionManager["request"]>) {
    const stream = await super.request(...parameters);
    const { session } = stream;
    if (session !== undefined && !this.#sessions.has(session)) {
      this.#sessions.add(session);
      session.once("close", () => this.#sessions.delete(session));
      session.setLocalWindowSize(connectionWindowBytes);
      // The calls on this connection fail with this error.
      session.on("error", () => undefined);
    }
    return stream;
  }

  /** Closes every connection, as a client that is done: Falco logs a GOAWAY with any other code as an error. */
  close(): void {
    for (const session of this.#sessions) session.destroy(undefined, constants.NGHTTP2_NO_ERROR);
    // One that is still being made; Connect closes with CANCEL.
    this.abort();
  }
}
