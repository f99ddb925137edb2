import {
  type FalcoOutputsServer,
  localSyslogSocket,
  type OneOrMore,
  type OutputsOptions,
} from "@falco-outputs/server";
import { listOf } from "../config/items-of.js";
import type { Serving } from "../config/serving.js";

/** What is logged when a server is ready: where alerts come from and where they go, without secrets. */
export function readyLine(
  { addresses, httpUrls, webUrls }: Pick<FalcoOutputsServer, "addresses" | "httpUrls" | "webUrls">,
  {
    server: { inputs, outputs = {}, log },
    stdin,
    upstreams,
    byDefault,
  }: Pick<Serving, "server" | "stdin" | "upstreams" | "byDefault">,
) {
  const files = inputs?.files ?? [];
  const destinations = destinationsOf(outputs);
  return {
    ...(addresses.length > 0 ? { listen: addresses } : { grpc: false }),
    ...(httpUrls.length > 0 && { http: httpUrls }),
    ...(webUrls.length > 0 && { web: webUrls }),
    ...(stdin && { stdin }),
    ...(files.length > 0 && { files: files.map(({ path }) => path) }),
    ...(upstreams.length > 0 && {
      servers: Object.fromEntries(upstreams.map(({ name, address }) => [name, address])),
    }),
    ...(log !== undefined && { log: log.directory }),
    ...(Object.keys(destinations).length > 0 && {
      outputs: destinations,
      format: outputs.format?.json === true ? "json" : "text",
    }),
    // What is on although it is not in the file.
    ...(byDefault.length > 0 && { by_default: byDefault }),
  };
}

function destinationsOf({ file, program, http, syslog, stdout }: OutputsOptions) {
  const { address, socket = localSyslogSocket } = syslog === true || syslog === undefined ? {} : syslog;
  return {
    ...(stdout !== undefined && { stdout: true }),
    ...byName("file", file, ({ filename }) => filename),
    // The command line may hold a secret, and so may a URL's user, path and query.
    ...byName("program", program, ({ keepAlive }) => ({ keep_alive: keepAlive === true })),
    ...byName("http", http, ({ url }) => new URL(url).origin),
    ...(syslog !== undefined && { syslog: address ?? socket }),
  };
}

/** As their counts are called: `http`, or `http:NAME`. */
function byName<Options extends { name?: string }>(
  kind: string,
  outputs: OneOrMore<Options> | undefined,
  shown: (options: Options) => unknown,
): Record<string, unknown> {
  return Object.fromEntries(
    listOf(outputs).map((options) => [
      options.name === undefined ? kind : `${kind}:${options.name}`,
      shown(options),
    ]),
  );
}
