import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { isInstalled, lacks, reverseProxies, startReverseProxy } from "@falco-outputs/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { numbered, print, read } from "./readers.js";
import { clientOf, scratchFolder } from "./test-server.js";

const patience = { timeout: 60_000, interval: 10 };

describe.each(reverseProxies)("behind $name", (proxy) => {
  const skips = lacks(proxy.name, isInstalled(proxy), `apt-get install ${proxy.debianPackage}`);

  it.skipIf(skips)(
    "a server is killed and comes back: nobody ends, nothing is missing, nobody took from the shared queue",
    async () => {
      const folder = scratchFolder();
      const socket = join(folder, "falco.sock");
      const server = await KillableServer.start(socket);
      const { address, stop } = await startReverseProxy(proxy, folder, socket);
      onTestFinished(stop);
      const group = read(address, { group: "pager", after: 0n, acknowledge: true });
      const broadcast = read(address, { broadcast: true, after: 0n });
      const command = print(address, "--last", "1000");
      const rules = () => [group.rules, broadcast.rules, command.rules];

      await server.post(1, 50);
      await expect.poll(rules, patience).toEqual(Array(3).fill(numbered(1, 50)));

      await server.kill();
      const failures = ({ told }: typeof group) => told().filter((type) => type === "disconnected").length;
      await expect.poll(() => failures(group), patience).toBeGreaterThanOrEqual(4);
      await expect.poll(() => failures(broadcast), patience).toBeGreaterThanOrEqual(4);

      await server.start();
      await server.post(51, 100);
      await expect.poll(rules, patience).toEqual(Array(3).fill(numbered(1, 100)));

      const queue: string[] = [];
      for await (const { rule } of clientOf(socket).get()) queue.push(rule);
      expect(queue).toEqual(numbered(51, 100));
      for (const { told } of [group, broadcast]) expect(told()).toContain("resumed");
      expect(await command.stop()).toBe(0);
      expect(command.said()).toMatch(/disconnected, trying again.*resumed/s);
      expect(command.said()).not.toContain("Falco's own");
    },
    150_000,
  );
});

/** A server in a process of its own, on the same addresses each time. */
class KillableServer {
  readonly #options: object;
  readonly #url: string;
  #kill: () => Promise<unknown> = () => Promise.resolve();

  private constructor(socket: string, port: number) {
    this.#url = `http://127.0.0.1:${port}/`;
    this.#options = { listen: [socket], inputs: { http: [`127.0.0.1:${port}`] } };
  }

  static async start(socket: string): Promise<KillableServer> {
    const server = new KillableServer(socket, await freePort());
    await server.start();
    return server;
  }

  async start(): Promise<void> {
    const program = join(import.meta.dirname, "server-process.mjs");
    const child = spawn(process.execPath, [program, JSON.stringify(this.#options)]);
    onTestFinished(() => void child.kill("SIGKILL"));
    const closed = once(child, "close");
    this.#kill = () => {
      child.kill("SIGKILL");
      return closed;
    };
    for await (const line of createInterface(child.stdout)) if (line === "ready") return;
    throw new Error("the server did not start");
  }

  async kill(): Promise<void> {
    await this.#kill();
  }

  async post(from: number, to: number): Promise<void> {
    const body = numbered(from, to)
      .map((rule) => JSON.stringify({ rule, priority: "Notice" }))
      .join("\n");
    const { status } = await fetch(this.#url, { method: "POST", body });
    expect(status).toBe(200);
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
