import type { HttpInputOptions, ListenOptions, WebOptions } from "@falco-outputs/server";
import { UsageError } from "../args/usage-error.js";
import { defaultHttpAddresses, defaultListenAddress } from "../connection/default-address.js";
import { falcosMutualTls } from "./certificates.js";
import { defined } from "./defined.js";
import { itemsOf } from "./items-of.js";
import { readAddress } from "./read-address.js";
import type { Config } from "./schema.js";
import { secretOf, tokenForm } from "./secret-of.js";

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
  const { cert_chain: cert, private_key: key, allowed_origins: allowedOrigins } = web;
  if ((cert === undefined) !== (key === undefined)) {
    throw new UsageError("web: private_key and cert_chain go together");
  }
  const token = secretOf("web", "token", web, tokenForm);
  const tls = cert === undefined || key === undefined ? undefined : { cert, key };
  return addresses.map(({ key: name, item: address }) => {
    readAddress(name, address);
    return defined({ address, insecure: web.insecure, allowedOrigins, token, tls });
  });
}

type HttpBlock = NonNullable<ReturnType<typeof httpBlocks>[number]["item"]>;

/** The listeners for Falco's posts that are on; without `inputs`, the default one. */
function httpBlocks({ inputs = { http: {} } }: Config) {
  return itemsOf("inputs.http", inputs.http ?? []).filter(({ item }) => item.enabled !== false);
}

/** A place where Falco may post. */
export interface HttpPlace {
  /** What the file calls its block, e.g. `inputs.http[1]`. */
  block: string;
  /** What the file calls its address. */
  key: string;
  options: HttpInputOptions;
}

/** Where Falco may post, and how alerts are taken there. */
export function httpPlaces(config: Config): HttpPlace[] {
  return httpBlocks(config).flatMap(({ key: block, item }) => {
    const certificates = httpCertificates(block, item);
    const token = httpToken(block, item);
    return itemsOf(`${block}.bind_address`, item.bind_address ?? defaultHttpAddresses()).map(
      ({ key, item: address }) => ({
        block,
        key,
        options: isUnix(key, address)
          ? { address, ...socketOptions(item), ...(token !== undefined && { token }) }
          : defined({ address, token, insecure: item.insecure, tls: certificates }),
      }),
    );
  });
}

function httpCertificates(block: string, { cert_chain, private_key, root_certs }: HttpBlock) {
  if ((cert_chain === undefined) !== (private_key === undefined)) {
    throw new UsageError(`${block}: private_key and cert_chain go together`);
  }
  if (cert_chain === undefined || private_key === undefined) {
    if (root_certs === undefined) return undefined;
    throw new UsageError(`${block}.root_certs: needs private_key and cert_chain`);
  }
  return defined({ cert: cert_chain, key: private_key, ca: root_certs });
}

function httpToken(block: string, http: HttpBlock): HttpInputOptions["token"] {
  const token = secretOf(block, "token", http, tokenForm);
  if (http.tokens === undefined) return token;
  if (token !== undefined)
    throw new UsageError(`${block}.tokens: a token beside them needs a name: add it to them`);
  if (http.tokens.length === 0)
    throw new UsageError(`${block}.tokens: the list is empty, so nobody could post`);
  const keys = new Map<string, string>();
  return itemsOf(`${block}.tokens`, http.tokens).map(({ key, item }) => {
    const secret = secretOf(key, "token", item, tokenForm);
    if (secret === undefined) throw new UsageError(`${key}: needs token or token_file`);
    const other = keys.get(item.name);
    if (other !== undefined) throw new UsageError(`${key}.name: "${item.name}" is ${other} as well`);
    keys.set(item.name, `${key}.name`);
    return { name: item.name, token: secret };
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
