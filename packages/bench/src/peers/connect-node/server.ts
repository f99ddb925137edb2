import * as http2 from "node:http2";
import { create, fromBinary } from "@bufbuild/protobuf";
import type { ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { type OutputsResponse, OutputsResponseSchema, OutputsService } from "@falco-outputs/core/contract";
import { makeAlerts } from "../../alerts.js";
import { playRole } from "../../process/role.js";
import { Hub } from "../hub.js";
import { parsedLines } from "../json-parse/parsed-lines.js";
import { bind } from "../listen.js";
import { paced } from "../paced.js";
import { readPemFiles } from "../pem-files.js";
import {
  type Filled,
  type Listen,
  type LiveServerRole,
  type ServerRole,
  sentField,
  type Target,
} from "../roles.js";
import { Stored } from "../stored.js";
import { wantedOf } from "../wanted-of.js";

/** connect-node the usual way: an adapter, and handlers that are async generators. */
class ConnectNode implements ServerRole, LiveServerRole {
  readonly #encoded = makeAlerts().encoded;
  readonly #messages = this.#encoded.map((bytes) => fromBinary(OutputsResponseSchema, bytes));
  readonly #stored = new Stored<OutputsResponse>(this.#messages, ({ priority }) => priority);
  readonly #hub = new Hub<OutputsResponse>();

  async listen(where: Listen): Promise<Target> {
    const handler = connectNodeAdapter({ routes: (router) => this.#routes(router) });
    if ("path" in where) {
      await bind(http2.createServer(handler), { path: where.path });
      return { path: where.path };
    }
    const options = { ...readPemFiles(where.tls), requestCert: true, rejectUnauthorized: true };
    const port = await bind(http2.createSecureServer(options, handler), { host: "127.0.0.1", port: 0 });
    return { authority: `localhost:${port}`, tls: where.tls };
  }

  fill(count: number): Filled {
    this.#stored.fill(count);
    return { last: count };
  }

  readStdin(): void {
    void this.#read();
  }

  async publish(perSecond: number, count: number): Promise<void> {
    await paced(perSecond, count, (index) => {
      const { time, rule, priority, output, outputFields, hostname, tags, source } =
        this.#messages[index % this.#messages.length]!;
      const sent = String(process.hrtime.bigint());
      this.#hub.publish(
        create(OutputsResponseSchema, {
          ...(time && { time }),
          rule,
          priority,
          output,
          outputFields: { ...outputFields, [sentField]: sent },
          hostname,
          tags,
          source,
        }),
      );
    });
  }

  awaitSubscribers(count: number): Promise<void> {
    return this.#hub.awaitSubscribers(count);
  }

  async #read(): Promise<void> {
    for await (const batch of parsedLines(process.stdin))
      for (const message of batch) this.#hub.publish(message);
  }

  #routes(router: ConnectRouter): void {
    const stored = this.#stored;
    const hub = this.#hub;
    router.service(OutputsService, {
      async *get(request) {
        yield* stored.answer(wantedOf(request));
      },
      async *sub(_, { signal }) {
        yield* hub.subscribe(signal);
      },
    });
  }
}

playRole(new ConnectNode());
