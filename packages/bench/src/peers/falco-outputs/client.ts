import type { Alert, Client } from "@falco-outputs/node";
import { playRole } from "../../process/role.js";
import { Arrivals } from "../arrivals.js";
import type { ClientRole, Live, LiveClientRole, Received, Target, Wanted } from "../roles.js";
import { clientFor } from "./client-for.js";
import { streamFor } from "./stream-for.js";

class FalcoOutputsClient implements ClientRole, LiveClientRole {
  readonly #arrivals = new Arrivals();
  #client!: Client;

  connect(target: Target): void {
    this.#client = clientFor(target);
  }

  async drain(wanted: Wanted, expected: number): Promise<Received> {
    let alerts = 0;
    let ruleCharacters = 0;
    for await (const alert of streamFor(this.#client, wanted)) {
      ruleCharacters += alert.rule.length;
      // A stream that acknowledges does not end by itself.
      if (++alerts === expected) break;
    }
    return { alerts, ruleCharacters };
  }

  subscribe(): void {
    this.#receive(this.#client.sub({ broadcast: true })).catch((reason) => this.#arrivals.fail(reason));
  }

  receive(count: number): Promise<Live> {
    return this.#arrivals.receive(count);
  }

  async #receive(stream: AsyncIterable<Alert>): Promise<void> {
    for await (const alert of stream) this.#arrivals.add(alert.outputFields);
  }
}

playRole(new FalcoOutputsClient());
