import type { Http2Session } from "node:http2";

/** More would be a flood to some peers, and there may be 256 streams that ask; Node itself allows 10. */
const maxUnanswered = 4;

const ofSessions = new WeakMap<Http2Session, Pings>();

/** The PINGs of a connection, which all of its streams share. */
export function pingsOf(session: Http2Session): Pings {
  let pings = ofSessions.get(session);
  if (pings === undefined) {
    pings = new Pings(session);
    ofSessions.set(session, pings);
  }
  return pings;
}

/**
 * Asks by PING how far the peer has read. HTTP/2 has it answered by whoever reads the connection, in the order in which
 * it reads (RFC 9113, section 6.7): the answer says that everything sent before has left all sockets and buffers between.
 */
class Pings {
  readonly #session: Http2Session;
  /** In the order in which they were sent, which is the order of the answers. */
  readonly #unanswered: Promise<void>[] = [];
  #next: Promise<void> | undefined;

  constructor(session: Http2Session) {
    this.#session = session;
  }

  /** Resolves once the peer has read everything that was sent before this call, or the connection is gone. */
  answered(): Promise<void> {
    if (this.#unanswered.length < maxUnanswered) return this.#send();
    this.#next ??= this.#unanswered[0]!.then(() => {
      this.#next = undefined;
      return this.#send();
    });
    return this.#next;
  }

  #send(): Promise<void> {
    // Its streams learn from elsewhere that a connection is gone.
    if (this.#session.destroyed) return Promise.resolve();
    const answer = new Promise<void>((resolve) => {
      this.#session.ping(() => {
        this.#unanswered.shift();
        resolve();
      });
    });
    this.#unanswered.push(answer);
    return answer;
  }
}
