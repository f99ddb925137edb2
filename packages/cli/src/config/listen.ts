import type { HttpInputOptions, ListenOptions, WebOptions } from "@falco-outputs/server";
import { defaultHttpAddresses, defaultListenAddress } from "../default-address.js";
import { readToken } from "../read-token.js";
import { UsageError } from "../usage-error.js";
import { mutualTls } from "./certificates.js";
import { defined } from "./defined.js";
import { listOf } from "./list-of.js";
import { readAddress } from "./read-address.js";
import type { Config } from "./schema.js";

/** Where gRPC is served. */
export function grpcListeners({ grpc = {}, grpc_output }: Config): ListenOptions[] {
  if (grpc.enabled === false || grpc_output?.enabled === false) return [];
  const addresses = listOf(grpc.bind_address ?? defaultListenAddress());
  const tls = mutualTls("grpc", grpc);
  return addresses.map((address) => {
    if (isUnix("grpc.bind_address", address)) return { address, ...socketOptions(grpc) };
    if (tls !== undefined) return { address, tls };
    if (grpc.insecure === true) return { address, insecure: true };
    throw new UsageError(
      `grpc.bind_address: ${JSON.stringify(address)} needs private_key, cert_chain and root_certs (mutual TLS), or insecure: true`,
    );
  });
}

/** Where browsers are served. */
export function webListener({ web }: Config): WebOptions | undefined {
  if (web === undefined || web.enabled === false) return undefined;
  const { cert_chain: cert, private_key: key, token_file, allowed_origins: allowedOrigins } = web;
  if ((cert === undefined) !== (key === undefined)) {
    throw new UsageError("web: private_key and cert_chain go together");
  }
  readAddress("web.bind_address", web.bind_address);
  return defined({
    address: web.bind_address,
    insecure: web.insecure,
    allowedOrigins,
    token: token_file === undefined ? undefined : readToken("web.token_file:", token_file),
    tls: cert === undefined || key === undefined ? undefined : { cert, key },
  });
}

/** Where Falco may post. */
export function httpListeners({ inputs = { http: {} } }: Config): HttpInputOptions[] {
  const { http } = inputs;
  if (http === undefined || http.enabled === false) return [];
  const addresses = listOf(http.bind_address ?? defaultHttpAddresses());
  const { cert_chain, private_key, root_certs, token_file } = http;
  if ((cert_chain === undefined) !== (private_key === undefined)) {
    throw new UsageError("inputs.http: private_key and cert_chain go together");
  }
  if (root_certs !== undefined && cert_chain === undefined) {
    throw new UsageError("inputs.http.root_certs: needs private_key and cert_chain");
  }
  const token = token_file === undefined ? undefined : readToken("inputs.http.token_file:", token_file);
  return addresses.map((address) => {
    if (isUnix("inputs.http.bind_address", address)) {
      return { address, ...socketOptions(http), ...(token !== undefined && { token }) };
    }
    return defined({
      address,
      token,
      insecure: http.insecure,
      tls:
        cert_chain === undefined || private_key === undefined
          ? undefined
          : defined({ cert: cert_chain, key: private_key, ca: root_certs }),
    });
  });
}

function isUnix(key: string, address: string): boolean {
  return readAddress(key, address).kind === "unix";
}

function socketOptions(block: {
  socket_mode?: string | undefined;
  socket_group?: string | number | undefined;
}) {
  return defined({
    mode: block.socket_mode === undefined ? undefined : Number.parseInt(block.socket_mode, 8),
    group: block.socket_group,
  });
}
