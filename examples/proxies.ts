import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createClient } from "@falco-outputs/node";
import {
  isInstalled,
  lacks,
  type ReverseProxy,
  reverseProxies,
  startReverseProxy,
} from "@falco-outputs/testing";
import { expect, onTestFinished } from "vitest";
import { Program } from "./outside-project.js";

const patience = { timeout: 30_000 };
/** How long the server is away, in milliseconds: longer than proxies keep trying by themselves. */
const awayMs = 4_000;
/** Its default, in milliseconds. */
const heartbeatMs = 15_000;
/** Short for a test, and three of them are longer than a busy machine makes a healthy server wait. */
const shortHeartbeatMs = 500;

/** The reverse proxies that this machine has. */
export const proxies = reverseProxies.filter(
  (proxy) => !lacks(proxy.name, isInstalled(proxy), `apt-get install ${proxy.debianPackage}`),
);

/** A server behind a reverse proxy, each a process with a unix socket. */
class ProxiedServer {
  readonly #folder = mkdtempSync(join(tmpdir(), "falco-outputs-proxy-"));
  readonly #socket = join(this.#folder, "server.sock");
  #server: Program | undefined;

  /** Starts the proxy. @returns Its address. */
  async startProxy(proxy: ReverseProxy): Promise<string> {
    const { address, stop } = await startReverseProxy(proxy, this.#folder, this.#socket);
    onTestFinished(async () => {
      await stop();
      rmSync(this.#folder, { recursive: true, force: true });
    });
    return address;
  }

  async start(heartbeatIntervalMs = heartbeatMs): Promise<void> {
    const file = fileURLToPath(new URL("server-process.mjs", import.meta.url));
    const server = new Program(
      this.#folder,
      process.execPath,
      file,
      this.#socket,
      String(heartbeatIntervalMs),
    );
    this.#server = server;
    onTestFinished(() => server.kill());
    await this.#says("ready");
  }

  subscribed(): Promise<void> {
    return this.#says("subscribed");
  }

  async kill(): Promise<void> {
    this.#server!.kill();
    await this.#server!.exited;
  }

  /** Freezes it, out of the way of another one: its connections stay open. */
  freeze(): void {
    this.#server!.freeze();
    renameSync(this.#socket, `${this.#socket}.frozen`);
  }

  /** Raises alerts of these rules. */
  raise(rules: readonly string[]): void {
    this.#server!.say(rules.map((rule) => `${JSON.stringify({ rule, priority: "Notice" })}\n`).join(""));
  }

  /** The rules of the alerts that nobody took from the shared queue. */
  async untaken(): Promise<string[]> {
    await using falco = createClient({ address: this.#socket });
    const rules: string[] = [];
    for await (const { rule } of falco.get()) rules.push(rule);
    return rules;
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
export async function expectToSurvive(proxy: ReverseProxy, run: (address: string) => Program): Promise<void> {
  const server = new ProxiedServer();
  const address = await server.startProxy(proxy);
  await server.start();
  const member = run(address);
  await server.subscribed();
  const printed = (rules: readonly string[]) => () =>
    rules.map((rule) => member.lines.filter((line) => line.endsWith(rule)).length);
  const once = (rules: readonly string[]) => rules.map(() => 1);
  const [before, after] = [rulesOf("before"), rulesOf("after")];
  server.raise(before);
  await expect.poll(printed(before), patience).toEqual(once(before));
  await server.kill();
  await delay(awayMs);
  await server.start();
  await server.subscribed();
  server.raise(after);
  await expect.poll(printed(after), patience).toEqual(once(after));
  expect(await server.untaken()).toEqual(after);
  member.interrupt();
  expect(await member.exited).toBe(0);
  expect(printed([...before, ...after])()).toEqual(once([...before, ...after]));
}

/**
 * A member of a group leaves a stream that the proxy keeps open although its server is frozen, and comes to the server
 * that has taken its place.
 * @param proxy One that makes a connection for each stream, as nginx does.
 */
export async function expectToLeaveDeadStream(
  proxy: ReverseProxy,
  run: (address: string) => Program,
): Promise<void> {
  const server = new ProxiedServer();
  const address = await server.startProxy(proxy);
  await server.start(shortHeartbeatMs);
  const member = run(address);
  await server.subscribed();
  const printed = (rule: string) => () => member.lines.filter((line) => line.endsWith(rule)).length;
  server.raise(["before"]);
  await expect.poll(printed("before"), patience).toBe(1);
  server.freeze();
  await server.start(shortHeartbeatMs);
  await server.subscribed();
  server.raise(["after"]);
  await expect.poll(printed("after"), patience).toBe(1);
  member.interrupt();
  expect(await member.exited).toBe(0);
}
