import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type FalcoOutputsServer, type ServerOptions, startServer } from "@falco-outputs/server";
import type { IdentityName, ServerSetup } from "./case.js";
import type { IdentityFiles } from "./identities.js";

export interface Setup {
  address: string;
  /** Undefined where there is none. */
  server: FalcoOutputsServer | undefined;
  stop(): Promise<void>;
}

/** Starts the reference server as a case says. */
export async function setUp(
  { listen = "unix", tls, host = "localhost", falco }: ServerSetup,
  http: boolean,
  identities: Record<IdentityName, IdentityFiles>,
  folder: string,
): Promise<Setup> {
  if (listen === "nowhere") {
    return {
      address: `unix://${join(folder, "nobody.sock")}`,
      server: undefined,
      stop: async () => undefined,
    };
  }
  const webserver = falco && "webserver" in falco ? await startWebserver(falco.webserver) : undefined;
  const address = `${host}:0`;
  const options: ServerOptions = {
    ...(tls !== undefined && { listen: [{ address, tls: identities[tls] }] }),
    ...(tls === undefined && listen === "tcp" && { listen: [{ address, insecure: true }] }),
    ...(http && { http: "127.0.0.1:0" }),
    ...(falco && "version" in falco && { falco }),
    ...(webserver && { falco: { webserver: urlOf(webserver) } }),
  };
  const server = await startServer(options);
  return {
    address: server.address,
    server,
    async stop() {
      await server.stop();
      webserver?.closeAllConnections();
      webserver?.close();
    },
  };
}

/** Falco's web server, as far as it tells its version; a silent one never answers. */
async function startWebserver(versions: Record<string, unknown> | "silent"): Promise<Server> {
  const webserver = createServer((request, response) => {
    if (versions === "silent") return;
    response.statusCode = request.url === "/versions" ? 200 : 404;
    response.setHeader("content-type", "application/json").end(JSON.stringify(versions));
  });
  await new Promise<void>((resolve) => webserver.listen(0, "127.0.0.1", resolve));
  return webserver;
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
