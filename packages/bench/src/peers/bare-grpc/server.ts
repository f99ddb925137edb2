import * as http2 from "node:http2";
import { makeAlerts } from "../../alerts.js";
import { playRole } from "../../process/role.js";
import { bind } from "../listen.js";
import type { Filled, Listen, ServerRole, Target } from "../roles.js";

/**
 * gRPC on node:http2 alone, which writes one alert at a time, as Falco's own server does: a ready-made frame goes out
 * before the next is written. Like Falco's, it sends no header of ours.
 */
class BareGrpc implements ServerRole {
  readonly #frames = makeAlerts().encoded.map(frame);
  #count = 0;

  async listen(where: Listen): Promise<Target> {
    if (!("path" in where)) throw new Error("the bare gRPC server knows unix sockets only");
    const server = http2.createServer();
    server.on("stream", (stream) => this.#answer(stream));
    await bind(server, { path: where.path });
    return { path: where.path };
  }

  fill(count: number): Filled {
    this.#count = count;
    return { last: count };
  }

  #answer(stream: http2.ServerHttp2Stream): void {
    stream.resume();
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    let written = 0;
    const writeNext = () => {
      if (written === this.#count) stream.end();
      else stream.write(this.#frames[written++ % this.#frames.length], writeNext);
    };
    writeNext();
  }
}

function frame(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

playRole(new BareGrpc());
