import { type FalcoOutputsServer, startServer } from "@falco-outputs/server";
import { makeAlerts } from "../../alerts.js";
import { playRole } from "../../process/role.js";
import { type Held, type RetentionRole, settledRssBytes } from "../retention.js";

class FalcoOutputsLog implements RetentionRole {
  readonly #encoded = makeAlerts().encoded;
  #server!: FalcoOutputsServer;

  async warmUp(count: number): Promise<void> {
    this.#server = await startServer({ listen: [] });
    await this.#fill(count);
    await this.#server.stop();
    this.#server = await startServer({ listen: [] });
  }

  async hold(count: number): Promise<Held> {
    const before = await settledRssBytes();
    const alertBytes = await this.#fill(count);
    const growthBytes = (await settledRssBytes()) - before;
    const { retained, retainedBytes } = this.#server.stats();
    if (retained !== count) throw new Error(`the log holds ${retained} alerts, not ${count}`);
    return { growthBytes, alertBytes, toldBytes: retainedBytes };
  }

  async #fill(count: number): Promise<number> {
    let bytes = 0;
    for (let index = 0; index < count; index++) {
      const alert = this.#encoded[index % this.#encoded.length]!;
      await this.#server.publish(alert);
      bytes += alert.length;
    }
    return bytes;
  }
}

playRole(new FalcoOutputsLog());
