import { type Client, createClient } from "@connectrpc/connect";
import { OutputsService } from "@falco-outputs/core/contract";
import { playRole } from "../../process/role.js";
import { Arrivals } from "../arrivals.js";
import type { ClientRole, Live, LiveClientRole, Received, Target, Wanted } from "../roles.js";
import { transportFor } from "./transport-for.js";

class ConnectNodeClient implements ClientRole, LiveClientRole {
  readonly #arrivals = new Arrivals();
  #client!: Client<typeof OutputsService>;

  connect(target: Target): void {
    this.#client = createClient(OutputsService, transportFor(target));
  }

  async drain({ after, minPriority, group }: Wanted): Promise<Received> {
    let alerts = 0;
    let ruleCharacters = 0;
    const request = {
      after: BigInt(after),
      ...(minPriority !== undefined && { allow: [{ minPriority }] }),
      ...(group !== undefined && { group }),
    };
    for await (const alert of this.#client.get(request)) {
      ruleCharacters += alert.rule.length;
      alerts++;
    }
    return { alerts, ruleCharacters };
  }

  subscribe(): void {
    this.#receive().catch((reason) => this.#arrivals.fail(reason));
  }

  receive(count: number): Promise<Live> {
    return this.#arrivals.receive(count);
  }

  async #receive(): Promise<void> {
    for await (const alert of this.#client.sub(emptyRequest())) this.#arrivals.add(alert.outputFields);
  }
}

async function* emptyRequest() {
  yield {};
}

playRole(new ConnectNodeClient());
