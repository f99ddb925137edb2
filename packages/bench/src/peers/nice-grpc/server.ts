import { createServer } from "nice-grpc";
import { makeAlerts } from "../../alerts.js";
import { playRole } from "../../process/role.js";
import { serverCredentials } from "../credentials.js";
import { type LoadedRequest, loadedMessages, loadOutputsService } from "../definitions.js";
import { fromLoadedRequest, severityOf } from "../loaded-request.js";
import type { Filled, Listen, ServerRole, Target } from "../roles.js";
import { Stored } from "../stored.js";

class NiceGrpc implements ServerRole {
  readonly #service = loadOutputsService().service;
  readonly #stored = new Stored(loadedMessages(this.#service, makeAlerts().encoded), ({ priority }) =>
    severityOf(priority),
  );

  async listen(where: Listen): Promise<Target> {
    const stored = this.#stored;
    const server = createServer();
    server.add(this.#service, {
      async *get(request: LoadedRequest) {
        yield* stored.answer(fromLoadedRequest(request));
      },
      // biome-ignore lint/correctness/useYield: the contract has this method, and nothing here calls it
      async *sub() {
        throw new Error("not needed here");
      },
    });
    const address = "path" in where ? `unix:${where.path}` : "127.0.0.1:0";
    const port = await server.listen(address, serverCredentials(where));
    return "path" in where ? where : { authority: `localhost:${port}`, tls: where.tls };
  }

  fill(count: number): Filled {
    this.#stored.fill(count);
    return { last: count };
  }
}

playRole(new NiceGrpc());
