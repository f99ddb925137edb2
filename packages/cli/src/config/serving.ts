import type { ClientOptions, PriorityLike } from "@falco-outputs/node";
import type { ServerOptions } from "@falco-outputs/server";
import { UsageError } from "../usage-error.js";
import { mutualTls } from "./certificates.js";
import { defined } from "./defined.js";
import { listOf } from "./list-of.js";
import { grpcListeners, httpListeners, webListener } from "./listen.js";
import { assertNoLoop } from "./loops.js";
import { outputsOptions } from "./outputs.js";
import { readAddress } from "./read-address.js";
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
  /** Its block, e.g. `inputs.grpc[0]`. */
  key: string;
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
  const files = switchedOn("inputs.file", inputs.file);
  const stdin = inputs.stdin !== undefined && inputs.stdin.enabled !== false;
  const upstreams = upstreamsOf(config);
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
        files: files.map(({ block: { filename: path, state_file: state, from } }) =>
          defined({ path, state, from }),
        ),
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
  assertNoLoop(
    serving,
    files.map(({ key }) => key),
  );
  return serving;
}

/** The blocks that are not off, with the key that each has in the file. */
function switchedOn<Block extends { enabled?: boolean | undefined }>(
  key: string,
  blocks: Block | readonly Block[] = [],
): { key: string; block: Block }[] {
  return listOf(blocks)
    .map((block, index) => ({ key: `${key}[${index}]`, block }))
    .filter(({ block }) => block.enabled !== false);
}

function upstreamsOf({ inputs }: Config): Upstream[] {
  const named = new Map<string, string>();
  return switchedOn("inputs.grpc", inputs?.grpc).map(({ key, block }) => {
    const { address, group, insecure, server_name: serverName, name = address } = block;
    const nameKey = `${key}.${block.name === undefined ? "address" : "name"}`;
    const other = named.get(name);
    if (other !== undefined) {
      throw new UsageError(
        `${nameKey}: ${JSON.stringify(name)} is ${other} as well, expected another one${block.name === undefined ? ", or a name" : ""}`,
      );
    }
    named.set(name, nameKey);
    readAddress(`${key}.address`, address);
    const tls = mutualTls(key, block);
    return {
      key,
      name,
      address,
      group,
      client: defined({ address, insecure, tls: tls && defined({ ...tls, serverName }) }),
    };
  });
}
