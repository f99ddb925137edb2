import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadPackageDefinition, type ServiceClientConstructor, type ServiceDefinition } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

const protoFolder = fileURLToPath(new URL("../../../../proto", import.meta.url));

/** The contract's service as @grpc/proto-loader loads it, with the options of gRPC's own examples. */
export function loadOutputsService(): ServiceClientConstructor {
  const definition = loadSync(join(protoFolder, "falco/outputs/outputs.proto"), {
    includeDirs: [protoFolder],
    keepCase: true,
    longs: String,
    enums: String,
    defaults: true,
    oneofs: true,
  });
  const loaded = loadPackageDefinition(definition) as unknown as {
    falco: { outputs: { service: ServiceClientConstructor } };
  };
  return loaded.falco.outputs.service;
}

/** A response as that loader returns it. */
export interface LoadedResponse {
  readonly rule: string;
  readonly priority: string;
  readonly output_fields: Readonly<Record<string, string>>;
}

export interface LoadedRequest {
  readonly after?: string;
  readonly allow?: readonly { readonly min_priority?: string }[];
  readonly group?: string;
}

/** Messages as the loader's own decoder makes them: what its users have in hand. */
export function loadedMessages(service: ServiceDefinition, encoded: readonly Uint8Array[]): LoadedResponse[] {
  const get = service.get!;
  return encoded.map((bytes) => get.responseDeserialize(Buffer.from(bytes)) as LoadedResponse);
}
