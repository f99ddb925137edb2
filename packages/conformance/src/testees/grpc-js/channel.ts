import { readFileSync } from "node:fs";
import * as grpc from "@grpc/grpc-js";
import type { CallLine, Target, TlsFiles } from "../../protocol.js";

export function connect({ address, tls, authority, compression }: Target): grpc.Client {
  return new grpc.Client(address, tls === undefined ? grpc.credentials.createInsecure() : mutualTls(tls), {
    // A channel of its own, so that no call sees what an earlier one left behind.
    "grpc.use_local_subchannel_pool": 1,
    ...(authority !== undefined && { "grpc.default_authority": authority }),
    ...(tls?.server_name !== undefined && { "grpc.ssl_target_name_override": tls.server_name }),
    ...(compression === "gzip" && {
      "grpc.default_compression_algorithm": grpc.compressionAlgorithms.gzip,
    }),
  });
}

function mutualTls({ ca, cert, key }: TlsFiles): grpc.ChannelCredentials {
  if (cert === undefined || key === undefined) return grpc.credentials.createSsl(readFileSync(ca));
  return grpc.credentials.createSsl(readFileSync(ca), readFileSync(key), readFileSync(cert));
}

export function callOptions({ timeout_ms }: CallLine): grpc.CallOptions {
  return timeout_ms === undefined ? {} : { deadline: Date.now() + timeout_ms };
}

export function metadataOf({ headers = {} }: CallLine): grpc.Metadata {
  const metadata = new grpc.Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return metadata;
}

/** The headers of the contract. */
export function headersOf(metadata: grpc.Metadata): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata.getMap())
      .filter(([name]) => name.startsWith("falco-outputs-"))
      .map(([name, value]) => [name, String(value)]),
  );
}
