import type { Client } from "@falco-outputs/node";
import { playRole } from "../../process/role.js";
import type { ClientRole, Received, Target, Wanted } from "../roles.js";
import { clientFor } from "./client-for.js";
import { streamFor } from "./stream-for.js";

/** Takes alerts as they come, many at a time. */
class BatchesClient implements ClientRole {
  #client!: Client;

  connect(target: Target): void {
    this.#client = clientFor(target);
  }

  async drain(wanted: Wanted, expected: number): Promise<Received> {
    let alerts = 0;
    let ruleCharacters = 0;
    for await (const batch of streamFor(this.#client, wanted).batches()) {
      for (const alert of batch) ruleCharacters += alert.rule.length;
      alerts += batch.length;
      if (alerts >= expected) break;
    }
    return { alerts, ruleCharacters };
  }
}

playRole(new BatchesClient());
