import { join } from "node:path";
import { isInstalled, lacks, reverseProxies, startReverseProxy } from "@falco-outputs/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { read } from "./readers.js";
import { scratchFolder, serve } from "./test-server.js";

const idleTimeoutMs = 2_000;
const often = 200;
const never = 3_600_000;
const patience = { timeout: 30_000, interval: 10 };

const limiting = reverseProxies.filter(({ endsIdleStreams }) => endsIdleStreams);

describe.each(limiting)("a stream without alerts, behind $name with an idle timeout", (proxy) => {
  const skips = lacks(proxy.name, isInstalled(proxy), `apt-get install ${proxy.debianPackage}`);

  /** A broadcast through a proxy of its own. */
  async function readThrough(heartbeatIntervalMs: number) {
    const folder = scratchFolder();
    const socket = join(folder, "falco.sock");
    const server = await serve({ listen: [socket], heartbeatIntervalMs });
    const { address, stop } = await startReverseProxy(proxy, folder, socket, idleTimeoutMs);
    onTestFinished(stop);
    return { server, ...read(address, { broadcast: true }) };
  }

  it.skipIf(skips)(
    "is kept by heartbeats; without them it is cut, and resumes",
    async () => {
      const kept = await readThrough(often);
      const cut = await readThrough(never);
      const cuts = () => cut.told().filter((type) => type === "disconnected").length;
      await expect.poll(cuts, patience).toBeGreaterThan(0);
      expect(kept.told()).toEqual(["connecting", "connected"]);

      for (const { server, rules } of [kept, cut]) {
        await server.publish({ rule: "after all", priority: "Notice" });
        await expect.poll(() => rules, patience).toEqual(["after all"]);
      }
      expect(cut.told()).toContain("resumed");
    },
    60_000,
  );
});
