import { connect } from "node:net";
import { createClient as createGrpcClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import type { Alert, AlertStream } from "@falco-outputs/core";
import { OutputsService } from "@falco-outputs/core/contract";
import { parseAddress } from "@falco-outputs/core/transport";
import { describe, expect, it } from "vitest";
import { clientOf, publish, serve } from "./test-server.js";

const count = 2_000;
const patience = { timeout: 10_000, interval: 5 };
const priorities = ["Critical", "Warning", "Debug"] as const;
/** Of three alerts one is critical, of two one is tagged. */
const mixed = (index: number) => ({
  rule: `rule ${index % 5}`,
  priority: priorities[index % 3]!,
  tags: index % 2 === 0 ? ["network", "mitre"] : [],
});

/** What a stream brings, from now on. */
function collect(stream: AlertStream): Alert[] {
  const alerts: Alert[] = [];
  void (async () => {
    for await (const alert of stream) alerts.push(alert);
  })();
  return alerts;
}

/** A plain gRPC client of Falco's contract, as there were before this project. */
function oldSubscriber(address: string): { rules: string[]; leave: () => void } {
  const target = parseAddress(address) as { path: string };
  const client = createGrpcClient(
    OutputsService,
    createGrpcTransport({
      baseUrl: "http://localhost",
      nodeOptions: { createConnection: () => connect(target.path) },
    }),
  );
  const leaving = new AbortController();
  const rules: string[] = [];
  void (async () => {
    async function* requests() {
      yield {};
      await new Promise((resolve) => leaving.signal.addEventListener("abort", resolve));
    }
    for await (const { rule } of client.sub(requests(), { signal: leaving.signal })) rules.push(rule);
  })().catch(() => undefined);
  return { rules, leave: () => leaving.abort() };
}

const sequencesOf = (alerts: readonly Alert[]) => alerts.map(({ sequence }) => sequence);
const ascending = (sequences: readonly bigint[]) => [...sequences].sort((a, b) => Number(a - b));

describe("two groups, broadcasts and an old subscriber at once", () => {
  it("get exactly what each was promised", async () => {
    const server = await serve();
    const client = () => clientOf(server.address);
    const pagers = [1, 2].map(() => collect(client().sub({ group: "pager", acknowledge: true })));
    const archive = collect(client().sub({ group: "archive", minPriority: "warning", tags: ["network"] }));
    const everything = collect(client().sub({ broadcast: true }));
    const critical = collect(client().sub({ broadcast: true, minPriority: "critical" }));
    const old = oldSubscriber(server.address);
    await server.waitForSubscribers(6);

    const sequences = await publish(server, { count, alert: mixed });
    const matching = (matches: (index: number) => boolean) => sequences.filter((_, index) => matches(index));
    const forArchive = matching((index) => index % 3 < 2 && index % 2 === 0);
    const forCritical = matching((index) => index % 3 === 0);
    await expect
      .poll(
        () => [pagers.flat(), archive, everything, critical, old.rules].map(({ length }) => length),
        patience,
      )
      .toEqual([count, forArchive.length, count, forCritical.length, count]);

    // A group shares: each alert once, each member in order, and both have their part.
    expect(ascending(sequencesOf(pagers.flat()))).toEqual(sequences);
    for (const pager of pagers) {
      expect(sequencesOf(pager)).toEqual(ascending(sequencesOf(pager)));
      expect(pager.length).toBeGreaterThan(0);
    }
    expect(sequencesOf(archive)).toEqual(forArchive);
    expect(sequencesOf(everything)).toEqual(sequences);
    expect(sequencesOf(critical)).toEqual(forCritical);
    // The only one at the shared queue, whatever the others got.
    expect(old.rules).toEqual(sequences.map((_, index) => mixed(index).rule));

    const rest = { waiting: 0, lost: 0, redelivered: 0 };
    await expect.poll(() => server.stats().groups.pager!.waiting, patience).toBe(0);
    const { groups, broadcast } = server.stats();
    expect(groups).toEqual({
      pager: { ...rest, members: 2, joined: 2, delivered: count, filtered: 0 },
      archive: {
        ...rest,
        members: 1,
        joined: 1,
        delivered: forArchive.length,
        filtered: count - forArchive.length,
      },
      "": { ...rest, members: 1, joined: 1, delivered: count, filtered: 0 },
    });
    expect(broadcast).toEqual({
      ...rest,
      members: 2,
      joined: 2,
      delivered: count + forCritical.length,
      filtered: count - forCritical.length,
    });
    old.leave();
  });

  it("share the shared queue among old and new subscribers, each alert to one of them", async () => {
    const server = await serve();
    const old = oldSubscriber(server.address);
    const ours = collect(clientOf(server.address).sub());
    await server.waitForSubscribers(2);
    await publish(server, {
      count,
      alert: (index) => ({ rule: String(index), priority: "Notice" }),
    });
    await expect.poll(() => old.rules.length + ours.length, patience).toBe(count);
    const numbers = [...old.rules, ...ours.map(({ rule }) => rule)].map(Number);
    expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index));
    expect(Math.min(old.rules.length, ours.length)).toBeGreaterThan(0);
    old.leave();
  });
});

describe("a group", () => {
  it("keeps its place while it has no members, and starts after `after` only when it is new", async () => {
    const server = await serve();
    const before = await publish(server, { count: 10 });
    const take = async (group: string, after: bigint, many: number) => {
      const alerts: Alert[] = [];
      for await (const alert of clientOf(server.address).sub({ group, after, acknowledge: true })) {
        if (alerts.length === many) break;
        alerts.push(alert);
      }
      return sequencesOf(alerts);
    };
    // Each stops at the next alert, which stays unacknowledged and comes again.
    expect(await take("pager", before[4]!, 2)).toEqual([before[5], before[6]]);
    await server.waitForSubscribers(0);
    expect(await take("pager", 0n, 2)).toEqual([before[7], before[8]]);
    expect(await take("archive", 0n, 3)).toEqual(before.slice(0, 3));
  });

  it("starts now when nothing else is said", async () => {
    const server = await serve();
    await publish(server, { count: 10 });
    const alerts = collect(clientOf(server.address).sub({ group: "pager" }));
    await server.waitForSubscribers(1);
    const [sequence] = await publish(server, { count: 1 });
    await expect.poll(() => sequencesOf(alerts), patience).toEqual([sequence]);
  });

  it("takes another filter while it has no members", async () => {
    const server = await serve();
    const one = clientOf(server.address);
    const critical = collect(one.sub({ group: "pager", minPriority: "critical" }));
    await server.waitForSubscribers(1);
    await server.publish({ rule: "r", priority: "Debug" });
    const first = await server.publish({ rule: "r", priority: "Critical" });
    await expect.poll(() => sequencesOf(critical), patience).toEqual([first]);
    await one.close();
    await server.waitForSubscribers(0);
    const debug = collect(clientOf(server.address).sub({ group: "pager", minPriority: "debug" }));
    await server.waitForSubscribers(1);
    const second = await server.publish({ rule: "r", priority: "Debug" });
    await expect.poll(() => sequencesOf(debug), patience).toEqual([second]);
  });
});

describe("get", () => {
  it("shows by broadcast what is retained, takes nothing, and follows if told to", async () => {
    const server = await serve();
    const sequences = await publish(server, { count: 100, alert: mixed });
    const client = clientOf(server.address);
    const shown: Alert[] = [];
    for await (const alert of client.get({ broadcast: true, after: sequences[49]! })) shown.push(alert);
    expect(sequencesOf(shown)).toEqual(sequences.slice(50));
    const following = collect(client.get({ broadcast: true, follow: true, rules: ["rule 0"] }));
    await server.waitForSubscribers(1);
    const later = await publish(server, { count: 10, alert: mixed });
    const expected = [...sequences, ...later].filter((_, index) => (index % 100) % 5 === 0);
    await expect.poll(() => sequencesOf(following), patience).toEqual(expected);
    expect(server.stats().groups[""]).toMatchObject({ delivered: 0, waiting: 110 });
  });
});

it("filters the shared queue on this side, which takes what does not match all the same", async () => {
  const server = await serve();
  const sequences = await publish(server, { count: 30, alert: mixed });
  const shown = collect(clientOf(server.address).sub({ filterLocally: true, minPriority: "critical" }));
  await expect.poll(() => server.stats().groups[""]!.waiting, patience).toBe(0);
  await expect
    .poll(() => sequencesOf(shown), patience)
    .toEqual(sequences.filter((_, index) => index % 3 === 0));
});
