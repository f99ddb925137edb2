import { Readable } from "node:stream";
import type { Loss } from "@falco-outputs/core";
import { expect, it } from "vitest";
import { proxyTo } from "./proxy.js";
import { clientOf, serve } from "./test-server.js";

const maxAlerts = 50;
const cuts = 100;
const patience = { timeout: 30_000, interval: 1 };
const soon = { initialDelayMs: 1, maxDelayMs: 5 };

/** Every third matches the filter below. */
const kinds = [
  { rule: "wanted", tags: ["shell"], namespace: "shop" },
  { rule: "noisy", tags: ["shell"], namespace: "shop" },
  { rule: "wanted", tags: ["shell"], namespace: "other" },
] as const;
const filter = {
  allow: [{ tags: ["sh*"], fields: { "k8s.ns.name": "shop" } }],
  deny: [{ rules: ["noi*"] }],
};

it("a filtered broadcast is told exactly the losses that matched, however often it is cut under load", async () => {
  const server = await serve({ maxAlerts });
  const proxy = await proxyTo(server.address);
  const received = new Set<number>();
  const losses: Loss[] = [];
  const stop = new AbortController();
  const client = clientOf(proxy.address);
  const reading = (async () => {
    const stream = client.sub({
      broadcast: true,
      ...filter,
      reconnect: soon,
      signal: stop.signal,
      onStatus: (status) => {
        if (status.type === "lost") losses.push(status.loss);
      },
    });
    for await (const { sequence, outputFields } of stream) {
      // The alerts that report losses are counted by their status.
      if (sequence === 0n) continue;
      const number = Number(outputFields.number);
      expect(received.has(number)).toBe(false);
      received.add(number);
    }
  })();
  const failed = reading.catch((error: unknown) => error);
  await server.waitForSubscribers(1);

  let published = 0;
  let matching = 0;
  const line = (kind: (typeof kinds)[number]) => {
    if (kind === kinds[0]) matching++;
    const { rule, tags, namespace } = kind;
    const output_fields = { "k8s.ns.name": namespace, number: published++ };
    return `${JSON.stringify({ rule, priority: "Notice", tags, output_fields })}\n`;
  };
  const load = (count: number, kindOf: (index: number) => (typeof kinds)[number]) =>
    server.readLines(
      Readable.from([Array.from({ length: count }, (_, index) => line(kindOf(index))).join("")]),
    );

  for (let cut = 0; cut < cuts; cut++) {
    // More at once than the log holds: the stream is overtaken while it is connected.
    await load(3 * maxAlerts, (index) => kinds[index % 3]!);
    await load(1, () => kinds[0]);
    const last = published - 1;
    await expect.poll(() => received.has(last), patience).toBe(true);
    proxy.refusing = true;
    proxy.cut();
    await server.waitForSubscribers(0);
    // What goes while nobody is there to look at it counts as lost: all of this matches.
    await load(maxAlerts + cut, () => kinds[0]);
    proxy.refusing = false;
    await server.waitForSubscribers(1);
  }
  const lost = () => losses.reduce((sum, loss) => sum + Number(loss.lost ?? Number.NaN), 0);
  await expect.poll(() => received.size + lost(), patience).toBe(matching);
  await load(1, () => kinds[0]);
  await expect.poll(() => received.has(published - 1), patience).toBe(true);
  expect(received.size + lost()).toBe(matching);
  // Of each burst and of each absence, something was lost.
  expect(lost()).toBeGreaterThan((cuts * maxAlerts) / 2);
  expect(received.size).toBeGreaterThan(10 * cuts);
  stop.abort();
  expect(await failed).toBeUndefined();
}, 120_000);
