import { createClient } from "@falco-outputs/node";
import { type FalcoOutputsServer, startServer } from "@falco-outputs/server";
import { expect, it } from "vitest";
import { isAwaited } from "./drain.js";

const alert = { rule: "r", priority: "Notice" } as const;

/** A server with one alert, after these subscribers came. */
async function serverWith(...subscribe: ((server: FalcoOutputsServer) => Promise<unknown>)[]) {
  const server = await startServer({ listen: [] });
  for (const come of subscribe) await come(server);
  await server.publish(alert);
  return server;
}

const client = (server: FalcoOutputsServer) => createClient({ transport: server.transport() });
/** Takes the first alert, and stays. */
const broadcast = async (server: FalcoOutputsServer) => {
  void client(server)
    .sub({ broadcast: true })
    [Symbol.asyncIterator]()
    .next()
    .catch(() => undefined);
  await server.waitForSubscribers(1);
};
/** Asks for what there is, and leaves. */
const shared = (server: FalcoOutputsServer) => client(server).get()[Symbol.asyncIterator]().next();
const group = (server: FalcoOutputsServer) =>
  client(server).get({ group: "pager" })[Symbol.asyncIterator]().next();

const awaited = (server: FalcoOutputsServer) => expect.poll(() => isAwaited(server.stats()));

it("waits for the shared queue when nobody has subscribed yet, or when somebody took from it", async () => {
  for (const subscribers of [[], [shared], [shared, broadcast]]) {
    await using server = await serverWith(...subscribers);
    await awaited(server).toBe(true);
    await shared(server);
    await awaited(server).toBe(false);
  }
});

it("does not wait for the shared queue when all subscribe to broadcasts or groups", async () => {
  await using broadcasting = await serverWith(broadcast);
  await awaited(broadcasting).toBe(false);
  expect(broadcasting.stats().groups[""]!.waiting).toBe(1);
  await using grouped = await serverWith(group);
  await awaited(grouped).toBe(true);
  await group(grouped);
  await awaited(grouped).toBe(false);
  expect(grouped.stats().groups[""]!.waiting).toBe(1);
});
