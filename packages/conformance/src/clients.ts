import { fileURLToPath } from "node:url";
import type { Feature } from "./case.js";
import { pythonClients } from "./python-clients.js";

/** A column of the table. */
export interface ClientUnderTest {
  name: string;
  /** The program and its arguments. */
  command: readonly [string, ...string[]];
  /** Which of the server's addresses it is given: that of gRPC, or that for browsers. */
  takes: "grpc" | "web";
  /** What it can do: a case that needs more does not apply to it. */
  features: ReadonlySet<Feature>;
  /** What this machine lacks to run it, and who misses that; undefined if nothing. */
  lacks?(): string | undefined;
}

/** What every client can do that is still worked on. */
export const today: readonly Feature[] = ["every_field", "deadline", "metadata", "plain_tcp", "server_name"];

export const clients: readonly ClientUnderTest[] = [
  {
    name: "typescript",
    command: [process.execPath, fileURLToPath(import.meta.resolve("./testees/typescript/main.js"))],
    takes: "grpc",
    features: new Set([
      ...today,
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
      "tls",
      "tls_to_ip_address",
    ]),
  },
  {
    name: "grpc-js",
    command: [process.execPath, fileURLToPath(import.meta.resolve("./testees/grpc-js/main.js"))],
    takes: "grpc",
    features: new Set([
      ...today,
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
      "tls",
      "tls_without_certificate",
      "headers",
    ]),
  },
  web("connect"),
  web("grpc-web"),
  ...pythonClients(today),
];

function web(protocol: string): ClientUnderTest {
  const program = fileURLToPath(import.meta.resolve("./testees/web/main.js"));
  return {
    name: `web-${protocol}`,
    command: [process.execPath, program, protocol],
    takes: "web",
    features: new Set([
      ...today,
      "sub",
      "get",
      "version",
      "options",
      "filter_locally",
      "reconnect",
      "statuses",
      "json",
    ]),
  };
}
