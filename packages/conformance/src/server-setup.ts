import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type FalcoOutputsServer, type ServerOptions, startServer } from "@falco-outputs/server";
import { type Case, type IdentityName, type ServerSetup, stepsOf } from "./case.js";
import type { IdentityFiles } from "./identities.js";
import { type Link, startLink } from "./link.js";

export interface Setup {
  /** Where the client connects. */
  readonly address: string;
  /** Undefined where there is none. */
  readonly server: FalcoOutputsServer | undefined;
  /** Stops the server, and starts one of the same kind on the same address. */
  restart(): Promise<void>;
  /** Cuts every connection. */
  cut(): void;
  stop(): Promise<void>;
}

/** Starts the reference server as a case says, and a proxy before it if connections are to be cut. */
export async function setUp(
  one: Case,
  identities: Record<IdentityName, IdentityFiles>,
  folder: string,
): Promise<Setup> {
  const steps = stepsOf(one);
  if (one.server.listen === "nowhere") {
    return {
      address: `unix://${join(folder, "nobody.sock")}`,
      server: undefined,
      restart: () => Promise.reject(new Error("there is no server to restart")),
      cut: () => undefined,
      stop: async () => undefined,
    };
  }
  const running = new RunningSetup(one.server, identities, join(folder, "falco.sock"));
  await running.start({
    http: steps.some((step) => "http" in step),
    proxyPath: steps.some((step) => "cut" in step) ? join(folder, "proxy.sock") : undefined,
  });
  return running;
}

class RunningSetup implements Setup {
  readonly #setup: ServerSetup;
  readonly #identities: Record<IdentityName, IdentityFiles>;
  readonly #socketPath: string;
  #options: ServerOptions = {};
  #server: FalcoOutputsServer | undefined;
  #webserver: Server | undefined;
  #link: Link | undefined;
  #address = "";

  constructor(setup: ServerSetup, identities: Record<IdentityName, IdentityFiles>, socketPath: string) {
    this.#setup = setup;
    this.#identities = identities;
    this.#socketPath = socketPath;
  }

  get address(): string {
    return this.#address;
  }

  get server(): FalcoOutputsServer | undefined {
    return this.#server;
  }

  async start({ http, proxyPath }: { http: boolean; proxyPath: string | undefined }): Promise<void> {
    const { falco, max_alerts, stall_timeout_ms } = this.#setup;
    if (falco && "webserver" in falco) this.#webserver = await startWebserver(falco.webserver);
    this.#options = {
      listen: [this.#listen()],
      ...(http && { http: "127.0.0.1:0" }),
      ...(falco && "version" in falco && { falco }),
      ...(this.#webserver && { falco: { webserver: urlOf(this.#webserver) } }),
      ...(max_alerts !== undefined && { maxAlerts: max_alerts }),
      ...(stall_timeout_ms !== undefined && { stallTimeoutMs: stall_timeout_ms }),
    };
    this.#server = await startServer(this.#options);
    this.#address = this.#server.address;
    if (proxyPath === undefined) return;
    this.#link = await startLink(proxyPath, this.#socketPath);
    this.#address = `unix://${proxyPath}`;
  }

  async restart(): Promise<void> {
    const address = this.#server!.address;
    await this.#server!.stop();
    const [listen] = this.#options.listen!;
    this.#server = await startServer({
      ...this.#options,
      listen: [typeof listen === "string" ? address : { ...listen!, address }],
    });
  }

  cut(): void {
    this.#link!.cut();
  }

  async stop(): Promise<void> {
    await this.#link?.close();
    await this.#server?.stop();
    this.#webserver?.closeAllConnections();
    this.#webserver?.close();
  }

  #listen(): NonNullable<ServerOptions["listen"]>[number] {
    const { listen = "unix", tls, host = "localhost" } = this.#setup;
    const address = `${host}:0`;
    if (tls !== undefined) return { address, tls: this.#identities[tls] };
    return listen === "tcp" ? { address, insecure: true } : `unix://${this.#socketPath}`;
  }
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
