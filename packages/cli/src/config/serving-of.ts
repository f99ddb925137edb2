import type { PriorityLike } from "@falco-outputs/node";
import { spanMs } from "../args/time.js";
import { UsageError } from "../args/usage-error.js";
import { mutualTls } from "./certificates.js";
import { defined } from "./defined.js";
import { itemsOf } from "./items-of.js";
import {
  grpcAddresses,
  grpcHeldBack,
  grpcListeners,
  httpPlaces,
  isGrpcHeldBack,
  webAddresses,
  webListeners,
} from "./listen.js";
import { assertNoLoop } from "./loops.js";
import { outputsOptions } from "./outputs.js";
import { readAddress } from "./read-address.js";
import type { Config } from "./schema.js";
import type { Serving, Upstream } from "./serving.js";
import { watching } from "./watching.js";

/** @throws UsageError that names a key which is missing, or makes no sense. */
export function servingOf(config: Config): Serving {
  const { inputs = {}, admin, alerts, falco } = config;
  if (falco?.version !== undefined && falco.url !== undefined) {
    throw new UsageError("falco.version and falco.url exclude each other");
  }
  const listen = grpcListeners(config);
  const http = httpPlaces(config);
  const web = webListeners(config);
  const files = switchedOn("inputs.file", inputs.file);
  const stdin = inputs.stdin !== undefined && inputs.stdin.enabled !== false;
  const upstreams = upstreamsOf(config);
  const { options: outputs, items: outputItems } = outputsOptions(config);
  const isFed = http.length > 0 || files.length > 0 || stdin || upstreams.length > 0;
  if (!isFed) {
    throw new UsageError("inputs: all are off, so no alert can arrive: add inputs.http, stdin, file or grpc");
  }
  const { format, queue, ...kinds } = outputs;
  if (listen.length === 0 && web.length === 0 && Object.keys(kinds).length === 0) {
    throw new UsageError(
      isGrpcHeldBack(config)
        ? grpcHeldBack
        : "grpc is off, and so is every other output: enable one, e.g. grpc.enabled: true",
    );
  }
  const serving = {
    server: defined({
      listen,
      inputs: {
        http: http.map(({ options }) => options),
        files: files.map(({ item: { filename: path, state_file: state, from } }) =>
          defined({ path, state, from }),
        ),
      },
      web,
      outputs,
      priority: config.priority as PriorityLike | undefined,
      reflection: config.grpc?.reflection,
      admin: admin && defined({ allowedNames: admin.allowed_names }),
      maxAlerts: alerts?.max_count,
      maxBytes: alerts?.max_bytes,
      log: config.log && logOptions(config.log),
      falco:
        falco?.version !== undefined
          ? { version: falco.version }
          : falco?.url !== undefined
            ? { webserver: falco.url }
            : undefined,
    }),
    stdin,
    upstreams,
    watch: watching(config),
    items: {
      "grpc.bind_address": keysOf(grpcAddresses(config)),
      "web.bind_address": keysOf(webAddresses(config)),
      "inputs.http": http.map(({ block }) => block),
      "inputs.http.bind_address": keysOf(http),
      ...outputItems,
      "inputs.file": keysOf(files),
    },
    byDefault: [
      ...(config.grpc === undefined && listen.length > 0 ? ["grpc"] : []),
      ...(config.inputs === undefined ? ["inputs.http"] : []),
    ],
  };
  assertNoLoop(serving);
  return serving;
}

function logOptions({ directory, retention, sync, sync_interval_ms }: NonNullable<Config["log"]>) {
  const { bytes, count, age } = retention ?? {};
  return defined({
    directory,
    retention: retention && defined({ bytes, count, ageMs: age === undefined ? undefined : spanMs(age) }),
    sync,
    syncIntervalMs: sync_interval_ms,
  });
}

function keysOf(items: readonly { key: string }[]): string[] {
  return items.map(({ key }) => key);
}

/** The blocks that are not off, with the key that each has in the file. */
function switchedOn<Block extends { enabled?: boolean | undefined }>(
  key: string,
  blocks: Block | readonly Block[] = [],
): { key: string; item: Block }[] {
  return itemsOf(key, blocks).filter(({ item }) => item.enabled !== false);
}

function upstreamsOf({ inputs }: Config): Upstream[] {
  const named = new Map<string, string>();
  return switchedOn("inputs.grpc", inputs?.grpc).map(({ key, item: block }) => {
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
