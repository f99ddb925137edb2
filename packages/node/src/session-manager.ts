import type { Http2Session } from "node:http2";
import { Http2SessionManager } from "@connectrpc/connect-node";

/** What all streams of a connection may have on their way, in bytes. */
const connectionWindowBytes = 4 * 1024 * 1024;

/**
 * Connect's session manager, with a window for fast streams, and made safe against a connection that fails while the manager turns away from it (`close`,
 * or the next call): it then takes its listeners along, and the error that comes a moment later would end the process.
 */
export class SessionManager extends Http2SessionManager {
  readonly #seen = new WeakSet<Http2Session>();

  override async request(...parameters: Parameters<Http2SessionManager["request"]>) {
    const stream = await super.request(...parameters);
    if (stream.session !== undefined && !this.#seen.has(stream.session)) {
      this.#seen.add(stream.session);
      stream.session.setLocalWindowSize(connectionWindowBytes);
      // Whoever has a call on this connection gets the error with it.
      stream.session.on("error", () => undefined);
    }
    return stream;
  }
}
