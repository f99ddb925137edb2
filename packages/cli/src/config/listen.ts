import type { HttpInputOptions, ListenOptions, WebOptions } from "@falco-outputs/server";
import { readToken } from "../args/read-token.js";
import { UsageError } from "../args/usage-error.js";
import { defaultHttpAddresses, defaultListenAddress } from "../connection/default-address.js";
import { falcosMutualTls } from "./certificates.js";
import { defined } from "./defined.js";
import { itemsOf } from "./items-of.js";
import { readAddress } from "./read-address.js";
import type { Config } from "./schema.js";

/** Falco's default for a block `grpc` without an address. */
const falcosAddress = "0.0.0.0:5060";

/** Where gRPC is served, and what the file calls that. */
export function grpcAddresses({ grpc, grpc_output }: Config): { key: string; item: string }[] {
  if (grpc?.enabled === false || grpc_output?.enabled === false) return [];
  const fallback = () => (grpc?.enabled === true ? falcosAddress : defaultListenAddress());
  return itemsOf("grpc.bind_address", grpc?.bind_address ?? fallback());
}

/** The message when Falco's two switches for gRPC contradict each other. */
export const grpcHeldBack =
  "grpc_output.enabled: false turns gRPC off although grpc.enabled is true: remove grpc_output, or set it to true";

export function isGrpcHeldBack({ grpc, grpc_output }: Config): boolean {
  return grpc?.enabled === true && grpc_output?.enabled === false;
}

/** How gRPC is served. */
export function grpcListeners(config: Config): ListenOptions[] {
  const { grpc = {} } = config;
  const hasNoCertificate = (grpc.private_key ?? grpc.cert_chain ?? grpc.root_certs) === undefined;
  return grpcAddresses(config).map(({ key, item: address }) => {
    if (isUnix(key, address)) return { address, ...socketOptions(grpc) };
    if (grpc.insecure === true && hasNoCertificate) return { address, insecure: true };
    return { address, tls: falcosMutualTls(grpc) };
  });
}

/** Where browsers are served, and what the file calls that. */
export function webAddresses({ web }: Config): { key: string; item: string }[] {
  return web === undefined || web.enabled === false ? [] : itemsOf("web.bind_address", web.bind_address);
}

/** How browsers are served. */
export function webListeners(config: Config): WebOptions[] {
  const { web } = config;
  const addresses = webAddresses(config);
  if (web === undefined || addresses.length === 0) return [];
  const { cert_chain: cert, private_key: key, token_file, allowed_origins: allowedOrigins } = web;
  if ((cert === undefined) !== (key === undefined)) {
    throw new UsageError("web: private_key and cert_chain go together");
  }
  const token = token_file === undefined ? undefined : readToken("web.token_file:", token_file);
  const tls = cert === undefined || key === undefined ? undefined : { cert, key };
  return addresses.map(({ key: name, item: address }) => {
    readAddress(name, address);
    return defined({ address, insecure: web.insecure, allowedOrigins, token, tls });
  });
}

/** Where Falco may post, and what the file calls that. */
export function httpAddresses({ inputs = { http: {} } }: Config): { key: string; item: string }[] {
  const { http } = inputs;
  if (http === undefined || http.enabled === false) return [];
  return itemsOf("inputs.http.bind_address", http.bind_address ?? defaultHttpAddresses());
}

/** How alerts are taken there. */
export function httpListeners(config: Config): HttpInputOptions[] {
  const http = config.inputs?.http ?? {};
  const { cert_chain, private_key, root_certs, token_file } = http;
  if ((cert_chain === undefined) !== (private_key === undefined)) {
    throw new UsageError("inputs.http: private_key and cert_chain go together");
  }
  if (root_certs !== undefined && cert_chain === undefined) {
    throw new UsageError("inputs.http.root_certs: needs private_key and cert_chain");
  }
  const token = token_file === undefined ? undefined : readToken("inputs.http.token_file:", token_file);
  return httpAddresses(config).map(({ key, item: address }) => {
    if (isUnix(key, address)) {
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

/** Who may connect to a unix socket. */
export function socketOptions(block: {
  socket_mode?: string | undefined;
  socket_group?: string | number | undefined;
}) {
  return defined({
    mode: block.socket_mode === undefined ? undefined : Number.parseInt(block.socket_mode, 8),
    group: block.socket_group,
  });
}
