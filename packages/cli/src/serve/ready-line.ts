import { type FalcoOutputsServer, localSyslogSocket, type OutputsOptions } from "@falco-outputs/server";
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

function destinationsOf({ format, queue, file, program, http, syslog, ...others }: OutputsOptions) {
  const { address, socket = localSyslogSocket } = syslog === true || syslog === undefined ? {} : syslog;
  return {
    ...Object.fromEntries(Object.keys(others).map((name) => [name, true])),
    ...(file !== undefined && { file: file.filename }),
    // The command line may hold a secret, and so may a URL's user, path and query.
    ...(program !== undefined && { program: { keep_alive: program.keepAlive === true } }),
    ...(http !== undefined && { http: new URL(http.url).origin }),
    ...(syslog !== undefined && { syslog: address ?? socket }),
  };
}
