// biome-ignore-all assist/source/organizeImports: what one needs first comes first

// A client that knows how to reach a server from Node.
export { type ClientOptions, createClient } from "./client.js";
export type { Pem, TlsOptions } from "./tls.js";

// All else is core's.
export * from "@falco-outputs/core";
