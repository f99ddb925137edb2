import { setTimeout as delay } from "node:timers/promises";
import { createClient as createConnectClient } from "@connectrpc/connect";
import {
  type Alert,
  type Client,
  Code,
  createClient,
  FalcoError,
  type SubOptions,
} from "@falco-outputs/core";
import { OutputsService, versionHeader } from "@falco-outputs/core/contract";
import { expect, it, onTestFinished } from "vitest";
import { startServer } from "../index.js";
import type { Appended } from "../log/alert-log.js";
import { silent } from "../logger.js";
import type { Router } from "../router.js";
import type { ServerOptions } from "../server-options.js";
import { readAlerts } from "./grpc-input.js";
import { Intake } from "./intake.js";

async function serve(options: ServerOptions = {}) {
  const server = await startServer({ listen: [], ...options });
  onTestFinished(() => server.stop());
  return server;
}

/** A server, and one whose alerts it can read. */
async function pair(options: ServerOptions = {}, aggregatorOptions: ServerOptions = {}) {
  const upstream = await serve(options);
  return {
    upstream,
    client: createClient({ transport: upstream.transport() }),
    aggregator: await serve(aggregatorOptions),
  };
}

async function retained(server: Awaited<ReturnType<typeof serve>>): Promise<Alert[]> {
  const alerts: Alert[] = [];
  const client = createClient({ transport: server.transport() });
  for await (const alert of client.get({ broadcast: true })) alerts.push(alert);
  return alerts;
}

const rule = (name: string) => ({ rule: name, priority: "Notice" }) as const;

it("brings in what the other server retained and what comes, and acknowledges it", async () => {
  const { upstream, client, aggregator } = await pair();
  await upstream.publish({
    ...rule("before"),
    outputFields: { "proc.name": "sh" },
    tags: ["a"],
    hostname: "node-1",
  });
  const reading = aggregator.readAlerts(client, { name: "node-1" });
  await upstream.waitForSubscribers(1);
  await upstream.publish(rule("after"));
  await expect.poll(() => aggregator.stats().inputs["grpc:node-1"]).toEqual({ accepted: 2, rejected: 0 });
  const [[before, after], [original]] = [await retained(aggregator), await retained(upstream)];
  expect({ ...before, sequence: 0n }).toEqual({ ...original, sequence: 0n });
  expect(after!.rule).toBe("after");
  await aggregator.stop();
  await reading;
  const { "falco-outputs": group } = upstream.stats().groups;
  expect(group).toMatchObject({ delivered: 2, waiting: 0, members: 0 });
});

it("takes what is not an alert for none, however long the other server is quiet", async () => {
  const { upstream, client, aggregator } = await pair({ heartbeatIntervalMs: 100 });
  const reading = aggregator.readAlerts(client, { name: "node-1" });
  await upstream.waitForSubscribers(1);
  // As often as that server speaks to a client like this one.
  const stop = new AbortController();
  const quiet = createConnectClient(OutputsService, upstream.transport())
    .get({ broadcast: true, follow: true }, { headers: { [versionHeader]: "1" }, signal: stop.signal })
    [Symbol.asyncIterator]();
  for (let heartbeats = 0; heartbeats < 4; heartbeats++)
    expect((await quiet.next()).value.scanned).not.toBe(0n);
  stop.abort();
  expect(aggregator.stats().inputs["grpc:node-1"]).toEqual({ accepted: 0, rejected: 0 });
  await upstream.publish(rule("after"));
  await expect.poll(() => aggregator.stats().inputs["grpc:node-1"]).toEqual({ accepted: 1, rejected: 0 });
  const [after] = await retained(aggregator);
  expect(after).toMatchObject({ rule: "after", scanned: 0n });
  await aggregator.stop();
  await reading;
  expect(upstream.stats().groups["falco-outputs"]).toMatchObject({ delivered: 1, joined: 1 });
});

it("reads many servers at once, each under its own name", async () => {
  const { upstream, client, aggregator } = await pair();
  const other = await pair();
  const ending = new AbortController();
  const first = aggregator.readAlerts(client, { name: "one", signal: ending.signal });
  void aggregator.readAlerts(other.client, { name: "two" });
  await expect(aggregator.readAlerts(other.client, { name: "one" })).rejects.toThrow(
    'readAlerts.name: "one", expected one that is not read already',
  );
  await upstream.publish(rule("one"));
  await other.upstream.publish(rule("two"));
  await expect.poll(() => aggregator.stats().appended).toBe(2);
  expect(aggregator.stats().inputs).toMatchObject({
    "grpc:one": { accepted: 1, rejected: 0 },
    "grpc:two": { accepted: 1, rejected: 0 },
  });
  ending.abort();
  await first;
  // The name is free again, and continues counting.
  void aggregator.readAlerts(client, { name: "one" });
  await upstream.publish(rule("again"));
  await expect.poll(() => aggregator.stats().inputs["grpc:one"]).toEqual({ accepted: 2, rejected: 0 });
});

it.each([
  ["name", { name: "" }, 'readAlerts.name: "", expected a name'],
  ["group", { name: "n", group: "" }, 'readAlerts.group: "", expected a name'],
])("refuses a %s that is none", async (_, options, reason) => {
  const { client, aggregator } = await pair();
  await expect(aggregator.readAlerts(client, options)).rejects.toThrow(reason);
});

it("passes on what the other server tells of losses", async () => {
  const warnings: object[] = [];
  const logger = {
    info: () => undefined,
    warn: (fields: object) => warnings.push(fields),
    error: () => undefined,
  };
  const { upstream, client, aggregator } = await pair({ maxAlerts: 10 }, { logger });
  const ending = new AbortController();
  const first = aggregator.readAlerts(client, { name: "node", signal: ending.signal });
  await upstream.waitForSubscribers(1);
  ending.abort();
  await first;
  for (let index = 0; index < 5_000; index++) await upstream.publish(rule(`${index}`));
  void aggregator.readAlerts(client, { name: "node" });
  await expect.poll(() => upstream.stats().groups["falco-outputs"]!.waiting).toBe(0);
  const [loss, ...rest] = await retained(aggregator);
  expect(loss).toMatchObject({ rule: "Falco Outputs internal: alerts lost", source: "internal" });
  expect(Number(loss!.outputFields.lost) + rest.length).toBe(5_000);
  expect(warnings).toContainEqual({ input: "grpc:node", cause: "overflow", lost: loss!.outputFields.lost });
});

/** Reads a server into a router that answers so. */
function readInto(client: Client, route: () => Promise<Appended>) {
  const intake = new Intake({ wantsLines: false, route } as unknown as Router, "grpc:node", silent);
  const ending = new AbortController();
  return { reading: readAlerts(client, { name: "node" }, ending.signal, intake, silent), ending };
}

it("leaves unacknowledged what the router did not take", async () => {
  const { upstream, client } = await pair();
  await upstream.publish(rule("one"));
  const { reading } = readInto(client, () => Promise.reject(new Error("the log is gone")));
  await expect(reading).rejects.toThrow("the log is gone");
  await upstream.waitForSubscribers(0);
  expect(upstream.stats().groups["falco-outputs"]).toMatchObject({ delivered: 0, waiting: 1 });
});

it("reads on, and acknowledges, once the router has taken what came", async () => {
  const { upstream, client } = await pair();
  let take = (_: Appended) => {};
  let routed = 0;
  const { reading, ending } = readInto(client, () => {
    routed++;
    return new Promise((resolve) => {
      take = resolve;
    });
  });
  await upstream.waitForSubscribers(1);
  await upstream.publish(rule("one"));
  await expect.poll(() => routed).toBe(1);
  await upstream.publish(rule("two"));
  await delay(50);
  expect(routed).toBe(1);
  expect(upstream.stats().groups["falco-outputs"]!.waiting).toBe(2);
  // Whoever ends it waits for what is under way.
  ending.abort();
  take({ first: 1, count: 1 } as never);
  await reading;
  expect(upstream.stats().groups["falco-outputs"]).toMatchObject({ delivered: 1, waiting: 1 });
});

it("logs a server that comes and goes at most once in a while", async () => {
  const logged: object[] = [];
  const note = (fields: object, message: string) => void logged.push({ ...fields, message });
  const logger = { ...silent, info: note, warn: note };
  const times = 50;
  const client = {
    sub: ({ onStatus }: SubOptions) => ({
      async *batches() {
        for (let time = 0; time < times; time++) {
          onStatus?.({ type: "connected" });
          const error = new FalcoError(`gone for the time ${time}`, Code.Unavailable);
          onStatus?.({ type: "disconnected", error, retryInMs: 0 });
          yield [];
        }
      },
    }),
  } as unknown as Client;
  const intake = new Intake({ wantsLines: false } as unknown as Router, "grpc:node", silent);
  await readAlerts(client, { name: "node" }, new AbortController().signal, intake, logger);
  expect(logged).toEqual([
    { input: "grpc:node", message: "connected" },
    { input: "grpc:node", reason: "gone for the time 0", message: "disconnected" },
    { input: "grpc:node", times: times - 1, message: "connected" },
    { input: "grpc:node", times: times - 1, reason: "gone for the time 49", message: "disconnected" },
  ]);
});

it("ends when its client is closed", async () => {
  const { upstream, client, aggregator } = await pair();
  const reading = aggregator.readAlerts(client, { name: "node" });
  await upstream.waitForSubscribers(1);
  await client.close();
  await reading;
});

it("says once why the other server refuses, and ends on purpose all the same", async () => {
  const warned: object[] = [];
  const logger = { ...silent, warn: (fields: object) => warned.push(fields) };
  const { upstream, client, aggregator } = await pair({}, { logger });
  const other: Client = createClient({ transport: upstream.transport() });
  const member = other.sub({ group: "g", minPriority: "error" })[Symbol.asyncIterator]();
  void member.next();
  await upstream.waitForSubscribers(1);
  const reading = aggregator.readAlerts(client, { name: "n", group: "g" });
  await expect.poll(() => warned).toEqual([{ input: "grpc:n", reason: expect.stringContaining("filter") }]);
  await aggregator.stop();
  await reading;
  expect(warned).toHaveLength(1);
  await member.return?.();
});
