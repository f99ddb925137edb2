import { fileURLToPath } from "node:url";
import type { Feature } from "./case.js";
import type { GoProgram } from "./go-program.js";
import type { PythonProgram } from "./python-program.js";
import type { RustProgram } from "./rust-program.js";

/** A column of the table. */
export interface ClientUnderTest {
  name: string;
  /** The program and its arguments, or what it is built from first. */
  program: readonly [string, ...string[]] | GoProgram | PythonProgram | RustProgram;
  /** Which of the server's addresses it is given: that of gRPC, or that for browsers. */
  takes: "grpc" | "web";
  /** What it can do: a case that needs more does not apply to it. */
  features: ReadonlySet<Feature>;
  /** Of a client of ours: its name in the user agent. */
  userAgent?: string;
}

/** What every client can do but the oldest ones. */
const usual = ["every_field", "deadline", "metadata"] as const;

/** What every client of ours can do that speaks gRPC. */
const ours = [
  ...usual,
  "sub",
  "get",
  "version",
  "options",
  "filter_locally",
  "acknowledgement",
  "acknowledges",
  "reconnect",
  "statuses",
  "json",
  "tls",
  "tls_to_ip_address",
  "tls_server_name",
  "tcp_without_tls",
  "sequence",
  "engine_version",
  "http2",
] as const;

export const clients: readonly ClientUnderTest[] = [
  {
    name: "typescript",
    program: [process.execPath, fileURLToPath(import.meta.resolve("./testees/typescript/main.js"))],
    takes: "grpc",
    features: new Set([...ours, "read_alert", "read_text", "deadline_header", "negative_deadline"]),
    userAgent: "falco-outputs-typescript",
  },
  {
    name: "go",
    program: { folder: folder("../../go"), package: "./internal/testee", modfile: "newest.mod" },
    takes: "grpc",
    features: new Set([...ours, "read_alert"]),
    userAgent: "falco-outputs-go",
  },
  {
    name: "rust",
    program: { folder: folder("../../rust"), crate: "falco-outputs-testee" },
    takes: "grpc",
    features: new Set([...ours, "read_alert", "deadline_header"]),
    userAgent: "falco-outputs-rust",
  },
  python("python", "async"),
  python("python-sync", "sync"),
  {
    name: "grpc-js",
    program: [process.execPath, fileURLToPath(import.meta.resolve("./testees/grpc-js/main.js"))],
    takes: "grpc",
    features: new Set([
      ...usual,
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
      "tls_server_name",
      "tcp_without_tls",
      "deadline_header",
      "sequence",
      "engine_version",
      "headers",
    ]),
  },
  archivedGo("client-go", "go.mod"),
  archivedGo("client-go-0.5", "v0.5.0.mod"),
  {
    name: "client-py",
    program: { environment: "client-py", script: folder("../src/testees/client-py/main.py"), args: [] },
    takes: "grpc",
    features: new Set(["sub", "get", "version", "anonymous", "tls", "tls_to_ip_address"]),
  },
  {
    name: "client-rs-replay",
    program: {
      environment: "development",
      script: folder("../src/testees/client-rs-replay/main.py"),
      args: [],
    },
    takes: "grpc",
    features: new Set([...usual, "subscribe", "anonymous", "tls", "tls_to_ip_address", "sequence"]),
  },
  web("connect"),
  web("grpc-web"),
];

/** Our client for Python, one of its two faces. */
function python(name: string, face: string): ClientUnderTest {
  return {
    name,
    program: { environment: "development", script: folder("../src/testees/python/main.py"), args: [face] },
    takes: "grpc",
    features: new Set([...ours, "read_alert", "deadline_header", "negative_deadline"]),
    userAgent: "falco-outputs-python",
  };
}

/** Falco's own client for Go, as its users have it. */
function archivedGo(name: string, modfile: string): ClientUnderTest {
  return {
    name,
    program: { folder: folder("../testees/client-go"), package: ".", modfile },
    takes: "grpc",
    features: new Set([...usual, "sub", "get", "version", "anonymous", "tls", "tls_to_ip_address"]),
  };
}

function web(protocol: string): ClientUnderTest {
  const program = fileURLToPath(import.meta.resolve("./testees/web/main.js"));
  return {
    name: `web-${protocol}`,
    program: [process.execPath, program, protocol],
    takes: "web",
    features: new Set([
      ...usual,
      "sub",
      "get",
      "version",
      "options",
      "filter_locally",
      "reconnect",
      "statuses",
      "json",
      "tcp_without_tls",
      "deadline_header",
      "negative_deadline",
      "sequence",
      "engine_version",
    ]),
  };
}

function folder(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}
