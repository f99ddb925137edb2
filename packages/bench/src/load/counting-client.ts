import * as http2 from "node:http2";
import { connect } from "node:net";
import { create, toBinary } from "@bufbuild/protobuf";
import { OutputsRequestSchema, versionHeader } from "@falco-outputs/core/contract";
import type { Target, Wanted } from "../peers/roles.js";
import { playRole } from "../process/role.js";
import { FrameCounter } from "./frame-counter.js";

const streamWindowBytes = 1024 * 1024;
const sessionWindowBytes = 4 * 1024 * 1024;

/**
 * Many subscribers in one process, each on a connection of its own, that count alerts and do not decode them: what is
 * measured with it is the server.
 */
class CountingClient {
  #sessions: http2.ClientHttp2Session[] = [];

  /** Connects so many subscribers to a unix socket. */
  async connectAll(target: Target, subscribers: number): Promise<void> {
    if (!("path" in target)) throw new Error("the counting client knows unix sockets only");
    for (let index = 0; index < subscribers; index++) {
      const session = http2.connect("http://localhost", {
        settings: { initialWindowSize: streamWindowBytes },
        createConnection: () => connect(target.path),
      });
      await new Promise<void>((resolve, reject) => {
        session.once("error", reject);
        session.once("connect", () => resolve());
      });
      session.setLocalWindowSize(sessionWindowBytes);
      this.#sessions.push(session);
    }
  }

  /** Each subscriber receives what is there for it; returns how many alerts each got. */
  drainAll(wanted: Wanted): Promise<number[]> {
    return Promise.all(this.#sessions.map((session) => drain(session, wanted)));
  }
}

function drain(session: http2.ClientHttp2Session, wanted: Wanted): Promise<number> {
  const stream = session.request({
    ":method": "POST",
    ":path": "/falco.outputs.service/get",
    "content-type": "application/grpc",
    te: "trailers",
    [versionHeader]: "1",
  });
  const counter = new FrameCounter();
  stream.end(frame(wanted));
  return new Promise((resolve, reject) => {
    let status: unknown;
    stream.on("response", (headers) => {
      status = headers["grpc-status"];
    });
    stream.on("data", (chunk: Buffer) => counter.add(chunk));
    stream.on("trailers", (trailers) => {
      status = trailers["grpc-status"];
    });
    stream.on("error", reject);
    stream.on("end", () => {
      if (String(status) === "0") resolve(counter.frames);
      else reject(new Error(`the stream ended with gRPC status ${String(status)}`));
    });
  });
}

function frame({ after, minPriority, group }: Wanted): Buffer {
  const request = create(OutputsRequestSchema, {
    after: BigInt(after),
    ...(minPriority !== undefined && { allow: [{ minPriority }] }),
    ...(group === undefined ? { broadcast: true } : { group }),
  });
  const bytes = toBinary(OutputsRequestSchema, request);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}

export type { CountingClient };

playRole(new CountingClient());
