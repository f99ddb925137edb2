import type { Alert } from "@falco-outputs/core";
import { describe, expect, it } from "vitest";
import { clientOf, publish, serve } from "./test-server.js";

const patience = { timeout: 10_000, interval: 1 };
const numbers = (alerts: readonly Alert[]) => alerts.map(({ sequence }) => sequence);

describe("batches", () => {
  it("have every alert once, in order, many at a time", async () => {
    const server = await serve();
    const sequences = await publish(server, { count: 5_000, atOnce: 1_000 });
    const batches: bigint[][] = [];
    for await (const batch of clientOf(server.address).get().batches()) batches.push(numbers(batch));
    expect(batches.flat()).toEqual(sequences);
    expect(batches.length).toBeLessThan(500);
    expect(batches.every((batch) => batch.length > 0)).toBe(true);
  });

  it("come as soon as there is one alert", async () => {
    const server = await serve();
    const batches = clientOf(server.address).sub({ broadcast: true }).batches()[Symbol.asyncIterator]();
    for (let round = 0; round < 3; round++) {
      const next = batches.next();
      if (round === 0) await server.waitForSubscribers(1);
      const [sequence] = await publish(server, { count: 1 });
      expect(numbers((await next).value!)).toEqual([sequence]);
    }
    await batches.return?.();
    expect(await batches.next()).toEqual({ value: undefined, done: true });
    await server.waitForSubscribers(0);
  });

  it("are acknowledged when the loop comes back, as a whole", async () => {
    const server = await serve();
    const sequences = await publish(server, { count: 300, atOnce: 300 });
    const options = { group: "pager", after: 0n, acknowledge: true } as const;
    const seen: bigint[] = [];
    const delivered = () => server.stats().groups.pager?.delivered;
    for await (const batch of clientOf(server.address).sub(options).batches()) {
      await expect.poll(delivered, patience).toBe(seen.length);
      seen.push(...numbers(batch));
      if (seen.length >= 100) break;
    }
    await server.waitForSubscribers(0);
    const taken = delivered()!;
    expect(taken).toBeLessThan(seen.length);

    // Another member gets the batch that was left, and the rest.
    const rest: bigint[] = [];
    for await (const batch of clientOf(server.address).sub(options).batches()) {
      rest.push(...numbers(batch));
      if (rest.length === sequences.length - taken) break;
    }
    expect(rest).toEqual(sequences.slice(taken));
  });

  it("are acknowledged by hand, an alert at a time", async () => {
    const server = await serve();
    await publish(server, { count: 10, atOnce: 10 });
    const stream = clientOf(server.address).sub({ group: "pager", after: 0n, acknowledge: "manual" });
    let count = 0;
    for await (const batch of stream.batches()) {
      for (const alert of batch.toReversed()) stream.acknowledge(alert);
      count += batch.length;
      if (count === 10) break;
    }
    await server.waitForSubscribers(0);
    expect(server.stats().groups.pager).toMatchObject({ delivered: 10, waiting: 0 });
  });

  it("leave out what a local filter does not pass", async () => {
    const server = await serve();
    await publish(server, { count: 100, alert: (index) => ({ rule: `${index % 2}`, priority: "Notice" }) });
    const rules: string[] = [];
    const stream = clientOf(server.address).get({ filterLocally: true, rules: ["1"] });
    for await (const batch of stream.batches()) rules.push(...batch.map(({ rule }) => rule));
    expect(rules).toEqual(Array(50).fill("1"));
  });

  it("and single alerts can be taken from one stream in turn", async () => {
    const server = await serve();
    const sequences = await publish(server, { count: 3, atOnce: 3 });
    const iterator = clientOf(server.address).get()[Symbol.asyncIterator]();
    // Calls that are not awaited are answered in their order.
    const results = await Promise.all(Array.from({ length: 4 }, () => iterator.next()));
    expect(results.map((result) => result.value?.sequence)).toEqual([...sequences, undefined]);
    expect(results.map((result) => result.done)).toEqual([false, false, false, true]);
  });
});
