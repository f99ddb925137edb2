import * as grpc from "@grpc/grpc-js";
import { makeAlerts } from "../../alerts.js";
import { playRole } from "../../process/role.js";
import { serverCredentials } from "../credentials.js";
import {
  type LoadedRequest,
  type LoadedResponse,
  loadedMessages,
  loadOutputsService,
} from "../definitions.js";
import { fromLoadedRequest, severityOf } from "../loaded-request.js";
import type { Filled, Listen, ServerRole, Target } from "../roles.js";
import { Stored } from "../stored.js";

type Call = grpc.ServerWritableStream<LoadedRequest, LoadedResponse>;

/** gRPC's own library: `write` until it says that enough is on its way, then wait for `drain`. */
class GrpcJs implements ServerRole {
  readonly #service = loadOutputsService().service;
  readonly #stored = new Stored(loadedMessages(this.#service, makeAlerts().encoded), ({ priority }) =>
    severityOf(priority),
  );

  listen(where: Listen): Promise<Target> {
    const server = new grpc.Server();
    server.addService(this.#service, {
      get: (call: Call) => write(call, this.#stored.answer(fromLoadedRequest(call.request))),
      sub: (call: Call) => call.destroy(new Error("not needed here")),
    });
    const address = "path" in where ? `unix:${where.path}` : "127.0.0.1:0";
    return new Promise((resolve, reject) => {
      server.bindAsync(address, serverCredentials(where), (error, port) => {
        if (error) return reject(error);
        resolve("path" in where ? where : { authority: `localhost:${port}`, tls: where.tls });
      });
    });
  }

  fill(count: number): Filled {
    this.#stored.fill(count);
    return { last: count };
  }
}

function write(call: Call, messages: Iterator<LoadedResponse, void>): void {
  for (;;) {
    const next = messages.next();
    if (next.done === true) return void call.end();
    if (!call.write(next.value)) break;
  }
  call.once("drain", () => write(call, messages));
}

playRole(new GrpcJs());
