import { describe, expect, it, vi } from "vitest";
import { proxyTo } from "./proxy.js";
import { Subscriber } from "./subscriber.js";
import { clientOf, publish, serve } from "./test-server.js";

const total = 20_000;
/** So many alerts must be printed before a subscriber's connection goes silent. */
const printedFirst = 1_000;
const patience = { timeout: 30_000, interval: 5 };
/** Soon enough for a test, and longer than a busy machine makes a healthy peer wait. */
const keepAliveMs = 500;
const stallTimeoutMs = 1_000;

describe("a connection that goes silent, with neither end told", () => {
  it("loses nothing when it happens to two of a group's three processes mid-stream", async () => {
    using complaint = vi.spyOn(console, "error");
    const server = await serve({ stallTimeoutMs });
    const sub = { group: "pager", acknowledge: true };
    const steady = new Subscriber({ client: { address: server.address, keepAliveMs }, sub });
    const proxies = [await proxyTo(server.address), await proxyTo(server.address)];
    const behindProxies = proxies.map(
      ({ address }) => new Subscriber({ client: { address, keepAliveMs }, sub }),
    );
    const subscribers = [steady, ...behindProxies];
    await server.waitForSubscribers(3);
    const printed = () => subscribers.reduce((sum, { sequences }) => sum + sequences.length, 0);

    let silent = 0;
    const silencing = Promise.all(
      behindProxies.map(async (subscriber, index) => {
        await expect.poll(() => subscriber.sequences.length, patience).toBeGreaterThanOrEqual(printedFirst);
        proxies[index]!.silence();
        silent++;
      }),
    );
    const sequences = await publish(server, {
      count: total,
      atOnce: 200,
      before: async (published) => {
        await expect
          .poll(() => published - printed() < 10_000 && (silent === 2 || published < total - 1_000), patience)
          .toBe(true);
      },
    });
    await silencing;
    await expect
      .poll(() => server.stats().groups.pager, patience)
      .toMatchObject({ waiting: 0, lost: 0, delivered: total });
    await expect
      .poll(() => behindProxies.every(({ statuses }) => statuses.includes("resumed")), patience)
      .toBe(true);
    await Promise.all(subscribers.map((one) => one.end()));

    const all = subscribers.flatMap((one) => one.sequences);
    const distinct = new Set(all);
    expect(sequences.filter((sequence) => !distinct.has(sequence))).toEqual([]);
    expect(distinct.size).toBe(total);
    expect(all.length - distinct.size).toBeLessThanOrEqual(server.stats().groups.pager!.redelivered);
    for (const { statuses } of behindProxies) {
      expect(statuses.slice(0, 5)).toEqual([
        "connecting",
        "connected",
        "disconnected",
        "connecting",
        "resumed",
      ]);
    }
    expect(proxies.map(({ taken }) => taken > 1)).toEqual([true, true]);
    expect(complaint.mock.calls).toEqual([]);
  }, 60_000);

  it("passes to others what a silent member was sent, though it is still being sent alerts", async () => {
    const server = await serve({ stallTimeoutMs: 300 });
    const proxy = await proxyTo(server.address);
    const options = { group: "pager", acknowledge: true, drainTimeoutMs: 1 } as const;
    const silent = clientOf(proxy.address).sub(options)[Symbol.asyncIterator]();
    const first = silent.next();
    await server.waitForSubscribers(1);
    const sequence = await server.publish({ rule: "r", priority: "Notice" });
    expect((await first).value?.sequence).toBe(sequence);
    proxy.silence();

    const received = new Set<bigint>();
    const reading = (async () => {
      for await (const alert of clientOf(server.address).sub(options)) {
        received.add(alert.sequence);
        if (alert.sequence === sequence) break;
      }
    })();
    await server.waitForSubscribers(2);
    // More often than the time limit: what is written must not count for progress of one who acknowledges nothing.
    const trickle = setInterval(() => void server.publish({ rule: "r", priority: "Notice" }), 20);
    await reading.finally(() => clearInterval(trickle));
    expect(received).toContain(sequence);
  }, 15_000);
});
