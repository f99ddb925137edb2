import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type FalcoOutputsServer, type ServerOptions, startServer } from "@falco-outputs/server";
import { type Case, hasLink, hasProxy, type IdentityName, type ServerSetup, stepsOf } from "./case.js";
import type { ClientUnderTest } from "./clients.js";
import { type HttpProxy, startHttpProxy } from "./http-proxy.js";
import { exchangeIdentities, type IdentityFiles } from "./identities.js";
import { type Link, startLink } from "./link.js";
import { Peer } from "./peer.js";

export interface Setup {
  /** Where the client connects. */
  readonly address: string;
  /** Undefined where there is none. */
  readonly server: FalcoOutputsServer | undefined;
  /** What is there instead of the server. */
  readonly peer?: Peer;
  /** Before the server, if the case has it be away. */
  readonly proxy?: HttpProxy | undefined;
  readonly identities: Record<IdentityName, IdentityFiles>;
  /** Stops the server, and starts one of the same kind on the same address. */
  restart(): Promise<void>;
  /** The same, with new certificates for it and its clients. */
  exchangeCertificates(): Promise<void>;
  /** The way to the server, if the case disturbs it. */
  readonly link?: Link | undefined;
  stop(): Promise<void>;
}

/** Starts the reference server as a case says, and a proxy before it if the case disturbs connections. */
export async function setUp(
  one: Case,
  takes: ClientUnderTest["takes"],
  identities: Record<IdentityName, IdentityFiles>,
  folder: string,
): Promise<Setup> {
  const steps = stepsOf(one);
  if (one.server.listen === "nowhere") {
    const address = takes === "web" ? await nobodysUrl() : `unix://${join(folder, "nobody.sock")}`;
    return { ...withoutServer, identities, address };
  }
  if (one.server.peer !== undefined) {
    const peer = await Peer.start(
      one.server.peer,
      join(folder, "peer.sock"),
      one.server.heartbeat_interval_ms,
    );
    return { ...withoutServer, identities, address: peer.address, peer, stop: () => peer.stop() };
  }
  // What is exchanged in one case is not what the next one has.
  const exchanges = steps.some((step) => "exchange_certificates" in step);
  const own = exchanges ? await exchangeIdentities(identities, folder) : identities;
  const running = new RunningSetup(one.server, takes, own, folder);
  await running.start({
    http: steps.some((step) => "http" in step),
    link: hasLink(one),
    proxy: hasProxy(one),
  });
  return running;
}

const withoutServer = {
  server: undefined,
  restart: () => Promise.reject(new Error("there is no server to restart")),
  exchangeCertificates: () => Promise.reject(new Error("there is no server with certificates")),
  stop: async () => undefined,
};

class RunningSetup implements Setup {
  readonly #setup: ServerSetup;
  readonly identities: Record<IdentityName, IdentityFiles>;
  readonly #takes: ClientUnderTest["takes"];
  readonly #folder: string;
  #options: ServerOptions = {};
  #server: FalcoOutputsServer | undefined;
  #webserver: Server | undefined;
  #link: Link | undefined;
  #proxy: HttpProxy | undefined;
  #address = "";

  constructor(
    setup: ServerSetup,
    takes: ClientUnderTest["takes"],
    identities: Record<IdentityName, IdentityFiles>,
    folder: string,
  ) {
    this.#setup = setup;
    this.#takes = takes;
    this.identities = identities;
    this.#folder = folder;
  }

  get address(): string {
    return this.#address;
  }

  get server(): FalcoOutputsServer | undefined {
    return this.#server;
  }

  get link(): Link | undefined {
    return this.#link;
  }

  get proxy(): HttpProxy | undefined {
    return this.#proxy;
  }

  async start({ http, link, proxy }: { http: boolean; link: boolean; proxy: boolean }): Promise<void> {
    const { falco, max_alerts, stall_timeout_ms, heartbeat_interval_ms } = this.#setup;
    if (falco && "webserver" in falco) this.#webserver = await startWebserver(falco.webserver);
    this.#options = {
      ...this.#listen(),
      ...(http && { inputs: { http: ["127.0.0.1:0"] } }),
      ...(falco && "version" in falco && { falco }),
      ...(this.#webserver && { falco: { webserver: urlOf(this.#webserver) } }),
      ...(max_alerts !== undefined && { maxAlerts: max_alerts }),
      ...(stall_timeout_ms !== undefined && { stallTimeoutMs: stall_timeout_ms }),
      ...(heartbeat_interval_ms !== undefined && { heartbeatIntervalMs: heartbeat_interval_ms }),
    };
    this.#server = await startServer(this.#options);
    this.#address = this.#server.webUrl ?? this.#server.address;
    if (link) {
      this.#link = await startLink(this.#address, join(this.#folder, "link.sock"));
      this.#address = this.#link.address;
    }
    if (proxy) {
      this.#proxy = await startHttpProxy(this.#address, join(this.#folder, "proxy.sock"));
      this.#address = this.#proxy.address;
    }
  }

  async restart(): Promise<void> {
    const { webUrl } = this.#server!;
    const address = webUrl === undefined ? this.#server!.address : new URL(webUrl).host;
    await this.#server!.stop();
    this.#server = await startServer({ ...this.#options, ...this.#listen(address) });
  }

  async exchangeCertificates(): Promise<void> {
    const address = this.#server!.address;
    await this.#server!.stop();
    await exchangeIdentities(this.identities, this.#folder);
    this.#server = await startServer({ ...this.#options, ...this.#listen(address) });
  }

  async stop(): Promise<void> {
    await this.#proxy?.close();
    await this.#link?.close();
    await this.#server?.stop();
    this.#webserver?.closeAllConnections();
    this.#webserver?.close();
  }

  /** @param bound The address that an earlier server had. */
  #listen(bound?: string): Pick<ServerOptions, "listen" | "web"> {
    if (this.#takes === "web") return { listen: [], web: [bound ?? "127.0.0.1:0"] };
    const { listen = "unix", tls, host = "localhost" } = this.#setup;
    const address = bound ?? `${host}:0`;
    if (tls !== undefined) return { listen: [{ address, tls: this.identities[tls] }] };
    if (listen === "tcp") return { listen: [{ address, insecure: true }] };
    return { listen: [bound ?? `unix://${join(this.#folder, "falco.sock")}`] };
  }
}

/** An address at which nobody listens any more. */
async function nobodysUrl(): Promise<string> {
  const gone = createServer();
  await new Promise<void>((resolve) => gone.listen(0, "127.0.0.1", resolve));
  const url = urlOf(gone);
  await new Promise((resolve) => gone.close(resolve));
  return url;
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
