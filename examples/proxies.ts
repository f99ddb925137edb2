import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient } from "@falco-outputs/node";
import { lacks } from "@falco-outputs/testing";
import { expect } from "vitest";
import { Program } from "./outside-project.js";

const patience = { timeout: 30_000 };
/** How long the server is away, in milliseconds: longer than proxies keep trying by themselves. */
const awayMs = 4_000;
/** Where Debian puts nginx and HAProxy is not on everyone's PATH. */
const path = `${process.env.PATH}:/usr/sbin`;

const nginx = (socket: string, server: string) => `
daemon off;
master_process off;
pid nginx.pid;
error_log stderr crit;
events {}
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  server {
    listen unix:${socket} http2;
    location / {
      grpc_pass grpc://unix:${server};
      grpc_read_timeout 1h;
    }
  }
}
`;

const haproxy = (socket: string, server: string) => `
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
frontend alerts
  bind unix@${socket} proto h2
  default_backend server
backend server
  server server unix@${server} proto h2
`;

const nghttpx = (socket: string, server: string) => `
frontend=unix:${socket};no-tls
backend=unix:${server};;proto=h2
workers=1
errorlog-file=/dev/null
`;

const programs = [
  {
    name: "nginx",
    debian: "nginx-light",
    configuration: nginx,
    args: (file: string) => ["-p", ".", "-c", file],
  },
  {
    name: "haproxy",
    debian: "haproxy",
    configuration: haproxy,
    args: (file: string) => ["-q", "-db", "-f", file],
  },
  {
    name: "nghttpx",
    debian: "nghttp2-proxy",
    configuration: nghttpx,
    args: (file: string) => ["--conf", file],
  },
];

/** The reverse proxies that this machine has. */
export const proxies = programs.filter(({ name, debian }) => {
  const { error } = spawnSync(name, ["-v"], { env: { ...process.env, PATH: path } });
  return !lacks(name, error === undefined, `apt-get install ${debian}`);
});

type Proxy = (typeof programs)[number];

/** A server behind a reverse proxy, each a process with a unix socket. The server is away until `start`. */
export class ProxiedServer {
  readonly #folder = mkdtempSync(join(tmpdir(), "falco-outputs-proxy-"));
  readonly #proxy: Program;
  #server: Program | undefined;

  constructor({ name, configuration, args }: Proxy) {
    const file = join(this.#folder, `${name}.conf`);
    writeFileSync(file, configuration(this.#socket, this.#serverSocket));
    this.#proxy = new Program(this.#folder, "env", `PATH=${path}`, name, ...args(file));
  }

  /** The proxy's, for clients. */
  get address(): string {
    return `unix://${this.#socket}`;
  }

  async listens(): Promise<void> {
    await expect.poll(() => canConnect(this.#socket), patience).toBe(true);
  }

  async start(): Promise<void> {
    const file = fileURLToPath(new URL("server-process.mjs", import.meta.url));
    this.#server = new Program(this.#folder, process.execPath, file, this.#serverSocket);
    await this.#says("ready");
  }

  subscribed(): Promise<void> {
    return this.#says("subscribed");
  }

  async kill(): Promise<void> {
    this.#server!.kill();
    await this.#server!.exited;
  }

  /** Raises alerts of these rules. */
  raise(rules: readonly string[]): void {
    this.#server!.say(
      rules.map((rule) => `${JSON.stringify({ rule, output: rule, priority: "Notice" })}\n`).join(""),
    );
  }

  /** The rules of the alerts that nobody took from the shared queue. */
  async untaken(): Promise<string[]> {
    await using falco = createClient({ address: this.#serverSocket });
    const rules: string[] = [];
    for await (const { rule } of falco.get()) rules.push(rule);
    return rules;
  }

  async close(): Promise<void> {
    this.#proxy.kill();
    this.#server?.kill();
    await Promise.all([this.#proxy.exited, this.#server?.exited]);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #socket(): string {
    return join(this.#folder, "proxy.sock");
  }

  get #serverSocket(): string {
    return join(this.#folder, "server.sock");
  }

  async #says(word: string): Promise<void> {
    await expect.poll(() => this.#server!.lines, patience).toContain(word);
  }
}

const rulesOf = (when: string) => Array.from({ length: 50 }, (_, index) => `${when} ${index}`);

/**
 * A member of a group gets every alert once through a proxy, before the server is killed and after it is back, and
 * nobody takes any from the shared queue meanwhile.
 * @param run Starts the member at an address. It prints a line with the rule of each alert.
 */
export async function expectToSurvive(proxy: Proxy, run: (address: string) => Program): Promise<void> {
  const server = new ProxiedServer(proxy);
  try {
    await server.listens();
    await server.start();
    const member = run(server.address);
    await server.subscribed();
    const printed = (rules: readonly string[]) => () =>
      rules.map((rule) => member.lines.filter((line) => line.endsWith(rule)).length);
    const once = (rules: readonly string[]) => rules.map(() => 1);
    const [before, after] = [rulesOf("before"), rulesOf("after")];
    server.raise(before);
    await expect.poll(printed(before), patience).toEqual(once(before));
    await server.kill();
    await new Promise((resolve) => setTimeout(resolve, awayMs));
    await server.start();
    await server.subscribed();
    server.raise(after);
    await expect.poll(printed(after), patience).toEqual(once(after));
    expect(await server.untaken()).toEqual(after);
    member.interrupt();
    expect(await member.exited).toBe(0);
    expect(printed([...before, ...after])()).toEqual(once([...before, ...after]));
  } finally {
    await server.close();
  }
}

function canConnect(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
