import * as grpc from "@grpc/grpc-js";
import { readPemFiles } from "./pem-files.js";
import type { Listen, Target } from "./roles.js";

export function serverCredentials(where: Listen): grpc.ServerCredentials {
  if ("path" in where) return grpc.ServerCredentials.createInsecure();
  const { ca, cert, key } = readPemFiles(where.tls);
  return grpc.ServerCredentials.createSsl(ca, [{ cert_chain: cert, private_key: key }], true);
}

export function clientCredentials(target: Target): grpc.ChannelCredentials {
  if ("path" in target) return grpc.credentials.createInsecure();
  const { ca, cert, key } = readPemFiles(target.tls);
  return grpc.credentials.createSsl(ca, key, cert);
}

/** A target as gRPC's own libraries name it. (nice-grpc takes `unix:` without slashes for a host.) */
export function grpcAddress(target: Target): string {
  return "path" in target ? `unix://${target.path}` : target.authority;
}
