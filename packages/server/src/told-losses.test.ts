import { createClient } from "@falco-outputs/core";
import { expect, it } from "vitest";
import { startServer } from "./index.js";

it("each group's losses are told under its name, with its own sum", async () => {
  const told: Record<string, number> = {};
  const note = (fields: object) => {
    const { group, lost } = fields as { group: string; lost: number };
    told[group] = (told[group] ?? 0) + lost;
  };
  const server = await startServer({
    listen: [],
    maxAlerts: 100,
    logger: { info: () => undefined, warn: note, error: () => undefined },
  });
  const client = createClient({ transport: server.transport() });
  const publish = async (count: number) => {
    for (let index = 0; index < count; index++) await server.publish({ rule: "r", priority: "Notice" });
  };
  /** Makes a group whose place is at the end of the log. */
  const join = async (group: string) => {
    const left = new AbortController();
    const stream = client.sub({ group, signal: left.signal })[Symbol.asyncIterator]();
    const next = stream.next();
    await server.waitForSubscribers(1);
    left.abort();
    await next;
    await server.waitForSubscribers(0);
  };
  await join("one");
  await publish(1_000);
  await join("two");
  await publish(2_000);
  const { one, two } = server.stats().groups;
  await server.stop();
  expect(one!.lost).toBeGreaterThan(two!.lost);
  expect(told).toEqual({ one: one!.lost, two: two!.lost });
});
