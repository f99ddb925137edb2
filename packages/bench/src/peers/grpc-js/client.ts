import type * as grpc from "@grpc/grpc-js";
import { playRole } from "../../process/role.js";
import { clientCredentials, grpcAddress } from "../credentials.js";
import { type LoadedRequest, type LoadedResponse, loadOutputsService } from "../definitions.js";
import { toLoadedRequest } from "../loaded-request.js";
import type { ClientRole, Received, Target, Wanted } from "../roles.js";

type OutputsClient = grpc.Client & {
  get(request: LoadedRequest): grpc.ClientReadableStream<LoadedResponse>;
};

class GrpcJsClient implements ClientRole {
  #client!: OutputsClient;

  connect(target: Target): void {
    const Client = loadOutputsService();
    this.#client = new Client(grpcAddress(target), clientCredentials(target)) as unknown as OutputsClient;
  }

  drain(wanted: Wanted): Promise<Received> {
    let alerts = 0;
    let ruleCharacters = 0;
    const call = this.#client.get(toLoadedRequest(wanted));
    return new Promise((resolve, reject) => {
      call.on("data", (alert: LoadedResponse) => {
        ruleCharacters += alert.rule.length;
        alerts++;
      });
      call.on("error", reject);
      call.on("end", () => resolve({ alerts, ruleCharacters }));
    });
  }
}

playRole(new GrpcJsClient());
