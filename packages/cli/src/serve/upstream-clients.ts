import { type Client, createClient } from "@falco-outputs/node";
import type { FalcoOutputsServer, Logger } from "@falco-outputs/server";
import { inBlock } from "../config/keys.js";
import type { Upstream } from "../config/serving.js";

/** The clients of the servers whose alerts are taken. None connects before `read`. */
export class UpstreamClients {
  readonly #clients: readonly (Upstream & { connected: Client })[];

  /** @throws UsageError for an address or certificates that cannot work. */
  constructor(upstreams: readonly Upstream[]) {
    this.#clients = upstreams.map((upstream) => ({ ...upstream, connected: connect(upstream) }));
  }

  /** Brings their alerts into the server, until either ends. */
  read(server: FalcoOutputsServer, logger: Logger): void {
    for (const { connected, key, name, group } of this.#clients) {
      server
        .readAlerts(connected, { name, ...(group !== undefined && { group }) })
        .catch((error: unknown) =>
          logger.error(
            { input: `grpc:${name}`, key, reason: (inBlock(error, key) as Error).message },
            "an input has ended",
          ),
        );
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.map(({ connected }) => connected.close()));
  }
}

function connect({ key, client }: Upstream): Client {
  try {
    return createClient(client);
  } catch (error) {
    throw inBlock(error, key);
  }
}
