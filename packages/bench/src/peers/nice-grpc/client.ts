import { createChannel, createClient } from "nice-grpc";
import { playRole } from "../../process/role.js";
import { clientCredentials, grpcAddress } from "../credentials.js";
import { type LoadedRequest, type LoadedResponse, loadOutputsService } from "../definitions.js";
import { toLoadedRequest } from "../loaded-request.js";
import type { ClientRole, Received, Target, Wanted } from "../roles.js";

interface OutputsClient {
  get(request: LoadedRequest): AsyncIterable<LoadedResponse>;
}

class NiceGrpcClient implements ClientRole {
  #client!: OutputsClient;

  connect(target: Target): void {
    const channel = createChannel(grpcAddress(target), clientCredentials(target));
    this.#client = createClient(loadOutputsService().service, channel) as unknown as OutputsClient;
  }

  async drain(wanted: Wanted): Promise<Received> {
    let alerts = 0;
    let ruleCharacters = 0;
    for await (const alert of this.#client.get(toLoadedRequest(wanted))) {
      ruleCharacters += alert.rule.length;
      alerts++;
    }
    return { alerts, ruleCharacters };
  }
}

playRole(new NiceGrpcClient());
