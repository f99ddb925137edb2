import { join } from "node:path";
import { isInstalled, lacks, reverseProxies, ServerProcess, startReverseProxy } from "@falco-outputs/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { numbered, print, read } from "./readers.js";
import { scratchFolder } from "./test-server.js";

/** Short for a test, and three of them are longer than a busy machine makes a healthy server wait. */
const heartbeatIntervalMs = 500;
const silence = `nothing was heard for ${3 * heartbeatIntervalMs} ms: the connection is dead`;
const patience = { timeout: 60_000, interval: 10 };

const ways = [
  { name: "itself", skips: false, reach: async (_folder: string, socket: string) => `unix://${socket}` },
  ...reverseProxies.map((proxy) => ({
    name: `behind ${proxy.name}`,
    skips: lacks(proxy.name, isInstalled(proxy), `apt-get install ${proxy.debianPackage}`),
    reach: async (folder: string, socket: string) => {
      const { address, stop } = await startReverseProxy(proxy, folder, socket);
      onTestFinished(stop);
      return address;
    },
  })),
];

describe.each(ways)("a frozen server, $name", ({ skips, reach }) => {
  // Proxies answer the client's PINGs, and keep its connection and its streams open.
  it.skipIf(skips)(
    "is noticed by its silence, and found again with nothing missing",
    async () => {
      const folder = scratchFolder();
      const socket = join(folder, "falco.sock");
      const server = await ServerProcess.start(join(import.meta.dirname, ".."), {
        listen: [socket],
        heartbeatIntervalMs,
      });
      onTestFinished(() => server.kill());
      const address = await reach(folder, socket);
      const group = read(address, { group: "pager", after: 0n, acknowledge: true });
      const broadcast = read(address, { broadcast: true, after: 0n });
      const command = print(address, "--after", "0");
      const rules = () => [group.rules, broadcast.rules, command.rules];

      for (const rule of numbered(1, 50)) server.publish(rule);
      await expect.poll(rules, patience).toEqual(Array(3).fill(numbered(1, 50)));

      server.freeze();
      for (const rule of numbered(51, 100)) server.publish(rule);
      for (const { told } of [group, broadcast]) {
        await expect.poll(told, patience).toContain("disconnected");
      }
      await expect.poll(command.said, patience).toContain("disconnected, trying again");

      server.thaw();
      await expect.poll(rules, patience).toEqual(Array(3).fill(numbered(1, 100)));
      for (const { told, statuses } of [group, broadcast]) {
        expect(statuses.find(({ type }) => type === "disconnected")).toMatchObject({
          error: { message: expect.stringContaining(silence), codeName: "UNAVAILABLE", fromServer: false },
          lastHeardAt: expect.any(Date),
        });
        expect(told()).toContain("resumed");
        expect(told()).not.toContain("lost");
      }
      expect(await command.stop()).toBe(0);
      expect(command.said()).toContain(`disconnected, trying again: sub on ${address}: ${silence}`);
      expect(command.said()).toMatch(/resumed\n$/);
    },
    120_000,
  );
});
