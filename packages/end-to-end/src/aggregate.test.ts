import { join } from "node:path";
import type { FalcoOutputsServer, ServerOptions } from "@falco-outputs/server";
import { expect, it } from "vitest";
import { proxyTo } from "./proxy.js";
import { clientOf, publish, scratchFolder, serve, startOldFalco } from "./test-server.js";

const patience = { timeout: 20_000, interval: 5 };
const reconnect = { initialDelayMs: 5, maxDelayMs: 20 };
const node = (name: string) => (index: number) =>
  ({
    rule: `${name} ${index}`,
    priority: "Notice",
    hostname: name,
    outputFields: { "evt.num": index },
  }) as const;

/** Counts, by rule, what a subscriber of the aggregator gets, but for what tells of losses. */
function collect(server: FalcoOutputsServer) {
  const counts = new Map<string, number>();
  const losses: string[] = [];
  void (async () => {
    const stream = clientOf(server.address).sub({ group: "all", acknowledge: true, reconnect });
    for await (const { rule, source, outputFields } of stream) {
      if (source === "internal") losses.push(outputFields.cause!);
      else counts.set(rule, (counts.get(rule) ?? 0) + 1);
    }
  })();
  return { counts, losses };
}

it("three servers aggregated into one, one of them restarted, with acknowledgement: nothing lost, nothing twice", async () => {
  const aggregator = await serve({ maxAlerts: 1_000_000 });
  const { counts, losses } = collect(aggregator);
  await aggregator.waitForSubscribers(1);

  const names = ["node-1", "node-2", "node-3"];
  const options = (): ServerOptions => ({ listen: [join(scratchFolder(), "falco.sock")] });
  const settings = names.map(options);
  const upstreams = await Promise.all(settings.map(serve));
  const proxies = await Promise.all(upstreams.map(({ address }) => proxyTo(address)));
  for (const [index, name] of names.entries()) {
    const client = clientOf(proxies[index]!.address, { connectTimeoutMs: 2_000 });
    void aggregator.readAlerts(client, { name });
  }

  const published: string[] = [];
  /** Publishes on one of them while its connections are cut, as often as told. */
  const load = async (at: number, life: string, count: number, cuts: number) => {
    const every = Math.floor(count / (cuts + 1));
    const alert = node(`${names[at]} ${life}`);
    await publish(upstreams[at]!, {
      count,
      alert,
      before: async (done) => {
        if (done % every === 0 && done > 0) {
          // Under load: it is reading what came before.
          await expect.poll(() => upstreams[at]!.stats().subscribers, patience).toBe(1);
          proxies[at]!.cut();
        }
      },
    });
    for (let index = 0; index < count; index++) published.push(alert(index).rule);
  };
  await Promise.all([load(0, "first", 5_000, 4), load(1, "first", 5_000, 4), load(2, "first", 5_000, 4)]);

  // A stopped server's memory is gone: it may go once everything is acknowledged.
  const waiting = () => upstreams[1]!.stats().groups["falco-outputs"]?.waiting;
  await expect.poll(waiting, patience).toBe(0);
  await upstreams[1]!.stop();
  upstreams[1] = await serve(settings[1]);
  // It has alerts before the aggregator is back.
  await Promise.all([load(0, "second", 5_000, 4), load(1, "second", 5_000, 4), load(2, "second", 5_000, 4)]);

  await expect.poll(() => counts.size, patience).toBe(published.length);
  expect(published.filter((rule) => !counts.has(rule))).toEqual([]);
  expect([...counts].filter(([, count]) => count > 1)).toEqual([]);
  // The log that went with its server is told as a loss of unknown size; there is no other.
  expect(new Set(losses)).toEqual(new Set(["restart"]));
  expect(aggregator.stats().inputs["grpc:node-2"]!.rejected).toBe(0);
  for (const one of upstreams)
    await expect.poll(() => one.stats().groups["falco-outputs"]!.waiting, patience).toBe(0);
  await aggregator.stop();
  for (const one of upstreams) expect(one.stats().subscribers).toBe(0);
}, 60_000);

it("reads Falco's own server from its shared queue, also when it comes back, or one of ours in its place", async () => {
  const folder = scratchFolder();
  const falco = await startOldFalco(folder);
  const said: string[] = [];
  const log = (fields: object, message: string) => said.push(`${message} ${JSON.stringify(fields)}`);
  const aggregator = await serve({ logger: { info: log, warn: log, error: log } });
  const { counts } = collect(aggregator);
  await aggregator.waitForSubscribers(1);
  falco.raise("one", "two");
  void aggregator.readAlerts(clientOf(falco.address), { name: "falco" });
  const rules = () => [...counts.keys()];
  await expect.poll(rules, patience).toEqual(["one", "two"]);
  falco.raise("three");
  await expect.poll(rules, patience).toEqual(["one", "two", "three"]);
  expect(said).toContain(
    `Falco's own server: its shared queue is read, unacknowledged {"input":"grpc:falco"}`,
  );

  await falco.stop();
  const again = await startOldFalco(folder);
  again.raise("four");
  await expect.poll(rules, patience).toEqual(["one", "two", "three", "four"]);
  await again.stop();
  const ours = await serve({ listen: [falco.address] });
  await ours.publish(node("ours")(5));
  await expect.poll(rules, patience).toEqual(["one", "two", "three", "four", "ours 5"]);
  await expect.poll(() => ours.stats().groups["falco-outputs"]?.waiting, patience).toBe(0);
  expect([...counts.values()]).toEqual([1, 1, 1, 1, 1]);
  expect(aggregator.stats().inputs["grpc:falco"]).toEqual({ accepted: 5, rejected: 0 });
});

it("loses no alert when Falco sends one that is not UTF-8, which is replaced where it is not", async () => {
  const falco = await startOldFalco(scratchFolder());
  const aggregator = await serve();
  const { counts } = collect(aggregator);
  await aggregator.waitForSubscribers(1);
  falco.raise("one", "two");
  falco.raiseEncoded(Buffer.from([0x10, 5, 0x22, 4, 0x62, 0x61, 0x64, 0xff]));
  falco.raise("three", "four");
  void aggregator.readAlerts(clientOf(falco.address), { name: "falco" });
  const rules = ["one", "two", "bad\ufffd", "three", "four"];
  await expect.poll(() => [...counts.keys()], patience).toEqual(rules);
  expect(aggregator.stats().inputs["grpc:falco"]).toEqual({ accepted: 5, rejected: 0 });
});

it("waits for a server that is not there yet, and says so once", async () => {
  const warnings: string[] = [];
  const logger = {
    info: () => undefined,
    warn: (_: object, message: string) => warnings.push(message),
    error: () => undefined,
  };
  const aggregator = await serve({ logger });
  const address = join(scratchFolder(), "falco.sock");
  void aggregator.readAlerts(clientOf(address), { name: "late" });
  await expect.poll(() => warnings, patience).toEqual(["disconnected"]);
  const upstream = await serve({ listen: [address] });
  await upstream.publish(node("late")(1));
  await expect
    .poll(() => aggregator.stats().inputs["grpc:late"], patience)
    .toEqual({ accepted: 1, rejected: 0 });
  expect(warnings).toEqual(["disconnected"]);
});

it("asks a server that refuses again, until it does not", async () => {
  const upstream = await serve();
  // All members of a group have one filter.
  const other = clientOf(upstream.address);
  const filtered = other.sub({ group: "falco-outputs", minPriority: "critical" })[Symbol.asyncIterator]();
  void filtered.next().catch(() => undefined);
  await upstream.waitForSubscribers(1);
  const warnings: string[] = [];
  const infos: string[] = [];
  const logger = {
    info: (_: object, message: string) => infos.push(message),
    warn: (_: object, message: string) => warnings.push(message),
    error: () => undefined,
  };
  const aggregator = await serve({ logger });
  void aggregator.readAlerts(clientOf(upstream.address), { name: "busy" });
  await expect.poll(() => warnings, patience).toEqual(["that server refuses, and is asked again"]);
  await other.close();
  await expect.poll(() => infos, patience).toEqual(["connected"]);
  await upstream.publish(node("busy")(1));
  await expect
    .poll(() => aggregator.stats().inputs["grpc:busy"], patience)
    .toEqual({ accepted: 1, rejected: 0 });
});
