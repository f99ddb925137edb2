// All of core, with a createClient that knows how to reach a server from Node.
export * from "@falco-outputs/core";
export { type ClientOptions, createClient } from "./client.js";
export type { Pem, TlsOptions } from "./tls.js";
