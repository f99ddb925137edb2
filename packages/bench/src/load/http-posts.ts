import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { makeAlerts } from "../alerts.js";
import { paced } from "../peers/paced.js";
import { playRole } from "../process/role.js";

const endOfHead = "\r\n\r\n";

/** Posts alerts as Falco does, one a request over keep-alive, with as little work of its own as can be. */
class HttpPosts {
  readonly #requests = makeAlerts().lines.map((line) => toRequest(Buffer.from(line)));

  /** Posts `count` alerts over so many connections, on each one after the other. */
  async post(port: number, count: number, connections: number): Promise<void> {
    const each = Math.ceil(count / connections);
    const posting = Array.from({ length: connections }, (_, index) => this.#postOn(port, index * each, each));
    await Promise.all(posting);
  }

  /** Posts `count` alerts over one connection, `perSecond` of them. */
  postPaced(port: number, perSecond: number, count: number): Promise<void> {
    return withConnection(port, (socket) =>
      paced(perSecond, count, (index) => this.#postAll(socket, index, 1)),
    );
  }

  #postOn(port: number, first: number, count: number): Promise<void> {
    return withConnection(port, (socket) => this.#postAll(socket, first, count));
  }

  #postAll(socket: Socket, first: number, count: number): Promise<void> {
    const requests = this.#requests;
    let done = 0;
    let answer = "";
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => reject(error);
      const closed = () => reject(new Error("the connection was closed"));
      const settle = (act: () => void) => {
        socket.off("data", read).off("error", fail).off("close", closed);
        act();
      };
      const read = (chunk: Buffer) => {
        answer += chunk.toString("latin1");
        // Both servers answer with an empty body.
        if (!answer.endsWith(endOfHead)) return;
        if (!answer.startsWith("HTTP/1.1 200")) return settle(() => reject(new Error(answer)));
        answer = "";
        if (++done === count) return settle(resolve);
        socket.write(requests[(first + done) % requests.length]!);
      };
      socket.on("data", read).once("error", fail).once("close", closed);
      socket.write(requests[first % requests.length]!);
    });
  }
}

async function withConnection(port: number, act: (socket: Socket) => Promise<void>): Promise<void> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  try {
    await act(socket);
  } finally {
    socket.destroy();
  }
}

function toRequest(body: Buffer): Buffer {
  const head = `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

export type { HttpPosts };

playRole(new HttpPosts());
