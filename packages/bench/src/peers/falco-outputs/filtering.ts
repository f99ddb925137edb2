import { type Client, createClient } from "@falco-outputs/core";
import { type FalcoOutputsServer, startServer } from "@falco-outputs/server";
import { makeAlerts } from "../../alerts.js";
import { playRole } from "../../process/role.js";
import { type FilteringRole, type FilterName, filters, passes } from "../filtering.js";

/** The server's log, asked by a client in the same process. */
class FalcoOutputsFilter implements FilteringRole {
  #server!: FalcoOutputsServer;
  #client!: Client;
  #count = 0;

  async fill(count: number): Promise<void> {
    const { encoded } = makeAlerts();
    this.#server = await startServer({ listen: [] });
    this.#client = createClient({ transport: this.#server.transport() });
    for (let index = 0; index < count; index++) {
      await this.#server.publish(encoded[index % encoded.length]!);
    }
    this.#count = count;
  }

  async look(filter: FilterName): Promise<number> {
    const { looked } = this.#server.stats();
    const startMs = performance.now();
    for (let pass = 0; pass < passes; pass++) {
      for await (const { rule } of this.#client.get({ broadcast: true, ...filters[filter] })) {
        throw new Error(`an alert of the rule ${rule} passed`);
      }
    }
    const tookMs = performance.now() - startMs;
    const expected = passes * this.#count;
    const actual = this.#server.stats().looked - looked;
    if (actual !== expected) throw new Error(`${actual} alerts were looked at, not ${expected}`);
    return (tookMs * 1000) / expected;
  }
}

playRole(new FalcoOutputsFilter());
