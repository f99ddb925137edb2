import { createServer } from "node:net";
import { makeAlerts } from "../../alerts.js";
import { playRole } from "../../process/role.js";
import { bind } from "../listen.js";
import type { Filled, Listen, ServerRole, Target } from "../roles.js";
import { Http2Connection } from "./http2-connection.js";

/**
 * gRPC on a bare socket, with ready-made alerts, each in a DATA frame of its own, as Falco's own server sends them. The
 * server costs next to nothing, so that the client is what limits. Like Falco's, it sends no header of ours.
 */
class BareGrpc implements ServerRole {
  readonly #messages = makeAlerts().encoded.map(prefixed);
  #count = 0;

  async listen(where: Listen): Promise<Target> {
    if (!("path" in where)) throw new Error("the bare gRPC server knows unix sockets only");
    await bind(
      createServer((socket) => new Http2Connection(socket, this.#messages, () => this.#count)),
      { path: where.path },
    );
    return { path: where.path };
  }

  fill(count: number): Filled {
    this.#count = count;
    return { last: count };
  }
}

function prefixed(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

playRole(new BareGrpc());
