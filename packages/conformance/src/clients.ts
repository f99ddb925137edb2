import { fileURLToPath } from "node:url";
import type { Feature } from "./case.js";

/** A column of the table. */
export interface ClientUnderTest {
  name: string;
  /** The program and its arguments. */
  command: readonly [string, ...string[]];
  /** What it can do: a case that needs more does not apply to it. */
  features: ReadonlySet<Feature>;
}

export const clients: readonly ClientUnderTest[] = [
  {
    name: "typescript",
    command: [process.execPath, fileURLToPath(import.meta.resolve("./testees/typescript/main.js"))],
    features: new Set([
      "sub",
      "get",
      "version",
      "read_alert",
      "options",
      "filter_locally",
      "acknowledgement",
      "acknowledges",
      "reconnect",
      "statuses",
      "json",
      "tls_to_ip_address",
    ]),
  },
  {
    name: "grpc-js",
    command: [process.execPath, fileURLToPath(import.meta.resolve("./testees/grpc-js/main.js"))],
    features: new Set([
      "sub",
      "get",
      "subscribe",
      "version",
      "health",
      "unknown",
      "requests",
      "options",
      "acknowledgement",
      "anonymous",
      "authority",
      "compression",
      "tls_without_certificate",
      "headers",
    ]),
  },
];
