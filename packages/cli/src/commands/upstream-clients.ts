import { type Client, createClient, OptionError } from "@falco-outputs/node";
import type { FalcoOutputsServer, Logger } from "@falco-outputs/server";
import { inKeys } from "../config/in-keys.js";
import type { Upstream } from "../config/serving.js";
import { UsageError } from "../usage-error.js";

/** The clients of the servers whose alerts are taken. None connects before `read`. */
export class UpstreamClients {
  readonly #clients: readonly (Upstream & { connected: Client })[];

  /** @throws UsageError for an address or certificates that cannot work. */
  constructor(upstreams: readonly Upstream[]) {
    this.#clients = upstreams.map((upstream) => ({ ...upstream, connected: connect(upstream) }));
  }

  /** Brings their alerts into the server, until one of the two ends. */
  read(server: FalcoOutputsServer, logger: Logger): void {
    for (const { connected, key, name, group } of this.#clients) {
      server
        .readAlerts(connected, { name, ...(group !== undefined && { group }) })
        .catch((error: Error) =>
          logger.error({ input: `grpc:${name}`, key, reason: inKeys(error.message) }, "an input has ended"),
        );
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.map(({ connected }) => connected.close()));
  }
}

/** What the block of such a server calls the client's options. */
const keys: Readonly<Record<string, string>> = {
  "tls.ca": "root_certs",
  "tls.cert": "cert_chain",
  "tls.key": "private_key",
};

function connect({ key, client }: Upstream): Client {
  try {
    return createClient(client);
  } catch (error) {
    if (error instanceof OptionError) {
      throw new UsageError(
        error.describe((option) => (option === "tls" ? key : `${key}.${keys[option] ?? option}`)),
      );
    }
    throw new UsageError(inKeys((error as Error).message, key));
  }
}
