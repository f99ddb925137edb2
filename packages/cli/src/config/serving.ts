import type { ClientOptions, PriorityLike } from "@falco-outputs/node";
import type { ServerOptions } from "@falco-outputs/server";
import { UsageError } from "../usage-error.js";
import { mutualTls } from "./certificates.js";
import { defined } from "./defined.js";
import { grpcListeners, httpListeners, listOf, webListener } from "./listen.js";
import { assertNoLoop } from "./loops.js";
import { outputsOptions } from "./outputs.js";
import type { Config } from "./schema.js";

/** What `serve` does. */
export interface Serving {
  server: ServerOptions;
  /** Whether alerts are read from standard input. */
  stdin: boolean;
  upstreams: readonly Upstream[];
}

/** A server, ours or a Falco up to 0.43, whose alerts are taken. */
export interface Upstream {
  name: string;
  address: string;
  group: string | undefined;
  client: ClientOptions;
}

/** @throws UsageError that names a key which is missing, or makes no sense. */
export function servingOf(config: Config): Serving {
  const { inputs = {}, alerts, falco } = config;
  if (falco?.version !== undefined && falco.url !== undefined) {
    throw new UsageError("falco.version and falco.url exclude each other");
  }
  const listen = grpcListeners(config);
  const http = httpListeners(config);
  const web = webListener(config);
  const files = listOf(inputs.file ?? []).filter((file) => file.enabled !== false);
  const stdin = inputs.stdin !== undefined && inputs.stdin.enabled !== false;
  const upstreams = listOf(inputs.grpc ?? [])
    .filter((upstream) => upstream.enabled !== false)
    .map(upstreamOf);
  const outputs = outputsOptions(config);
  const isFed = http.length > 0 || files.length > 0 || stdin || upstreams.length > 0;
  if (!isFed) {
    throw new UsageError(
      "inputs: none is on, so that no alert could come: add inputs.http, stdin, file or grpc",
    );
  }
  const { format, queue, ...kinds } = outputs;
  if (listen.length === 0 && web === undefined && Object.keys(kinds).length === 0) {
    throw new UsageError("grpc is off, and so is every other output: enable one, e.g. grpc.enabled: true");
  }
  const serving = {
    server: defined({
      listen,
      inputs: {
        http,
        files: files.map((file) => defined({ path: file.filename, state: file.state_file, from: file.from })),
      },
      web,
      outputs,
      priority: config.priority as PriorityLike | undefined,
      maxAlerts: alerts?.max_count,
      maxBytes: alerts?.max_bytes,
      falco:
        falco?.version !== undefined
          ? { version: falco.version }
          : falco?.url !== undefined
            ? { webserver: falco.url }
            : undefined,
    }),
    stdin,
    upstreams,
  };
  assertNoLoop(serving);
  return serving;
}

type GrpcInput = Exclude<NonNullable<NonNullable<Config["inputs"]>["grpc"]>, readonly unknown[]>;

function upstreamOf(input: GrpcInput, index: number): Upstream {
  const key = `inputs.grpc[${index}]`;
  const tls = mutualTls(key, input);
  return {
    name: input.name ?? input.address,
    address: input.address,
    group: input.group,
    client: defined({
      address: input.address,
      insecure: input.insecure,
      tls: tls && defined({ ...tls, serverName: input.server_name }),
    }),
  };
}
