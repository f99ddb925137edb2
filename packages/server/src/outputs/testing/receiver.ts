import * as http from "node:http";
import * as https from "node:https";
import type { AddressInfo, Socket } from "node:net";

export interface Posted {
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

type Answer = (response: http.ServerResponse, posted: Posted, index: number) => void;

/** A receiver of alerts, at a port of its own. What it was sent stands in `posted` before it answers. */
export class Receiver {
  readonly posted: Posted[] = [];
  readonly server: http.Server;
  readonly #sockets = new Set<Socket>();
  connections = 0;

  private constructor(answer: Answer, tls: https.ServerOptions | undefined) {
    const onRequest: http.RequestListener = (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const posted = { headers: request.headers, body: Buffer.concat(chunks) };
        this.posted.push(posted);
        answer(response, posted, this.posted.length - 1);
      });
      request.on("error", () => undefined);
    };
    this.server = tls === undefined ? http.createServer(onRequest) : https.createServer(tls, onRequest);
    this.server.on("connection", (socket: Socket) => {
      this.connections++;
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
  }

  static async start(
    answer: Answer = (response) => response.end(),
    { port = 0, ...tls }: https.ServerOptions & { port?: number } = {},
  ): Promise<Receiver> {
    const receiver = new Receiver(answer, tls.cert === undefined ? undefined : tls);
    await new Promise<void>((resolve) => receiver.server.listen(port, "127.0.0.1", resolve));
    return receiver;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get bodies(): string[] {
    return this.posted.map(({ body }) => body.toString());
  }

  get openConnections(): number {
    return this.#sockets.size;
  }

  cutConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.cutConnections();
    await closed;
  }
}
