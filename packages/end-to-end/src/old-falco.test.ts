import { Code, type GetOptions, type SubOptions } from "@falco-outputs/core";
import { describe, expect, it } from "vitest";
import { clientOf, scratchFolder, serve, startOldFalco } from "./test-server.js";

const patience = { timeout: 10_000, interval: 5 };
const message = (address: string) =>
  `version on unix://${address}: this server is Falco's own, which has the shared queue only: leave out group, broadcast, after, follow and acknowledge (filterLocally filters on this side)`;

describe.each([
  ["Falco 0.43", "0.43.0"],
  ["a Falco without a version", undefined],
])("what %s does not have", (_, version) => {
  it.each<[string, SubOptions]>([
    ["a group", { group: "pager" }],
    ["a group that acknowledges", { group: "pager", acknowledge: true }],
    ["a broadcast", { broadcast: true }],
    ["a broadcast with a filter", { broadcast: true, minPriority: "warning" }],
    ["a broadcast after a sequence number", { broadcast: true, after: 7n }],
    ["acknowledgement", { acknowledge: true }],
    ["acknowledgement by hand", { acknowledge: "manual" }],
    ["a group, waited for", { group: "pager", reconnect: { waitOnFirstConnect: true } }],
  ])("sub refuses, says why, and takes no alert away: %s", async (_, options) => {
    const falco = await startOldFalco(scratchFolder(), { version });
    falco.raise("one", "two");
    const next = clientOf(falco.address).sub(options)[Symbol.asyncIterator]().next();
    await expect(next).rejects.toMatchObject({
      code: Code.Unimplemented,
      message: message(falco.address),
    });
    expect(falco.calls).toEqual(["version"]);
    expect(falco.waiting).toBe(2);
  });

  it.each<[string, GetOptions]>([
    ["a group", { group: "pager" }],
    ["a broadcast", { broadcast: true, after: 0n }],
    ["following", { follow: true }],
  ])("get refuses, says why, and takes no alert away: %s", async (_, options) => {
    const falco = await startOldFalco(scratchFolder(), { version });
    falco.raise("one");
    const next = clientOf(falco.address).get(options)[Symbol.asyncIterator]().next();
    await expect(next).rejects.toMatchObject({ code: Code.Unimplemented, message: message(falco.address) });
    expect(falco.calls).toEqual(["version"]);
    expect(falco.waiting).toBe(1);
  });
});

describe("what Falco 0.43 has", () => {
  it("is a get of what is queued", async () => {
    const falco = await startOldFalco(scratchFolder());
    const client = clientOf(falco.address);
    const get = async () => {
      const rules: string[] = [];
      for await (const { rule } of client.get()) rules.push(rule);
      return rules;
    };
    expect(await get()).toEqual([]);
    falco.raise("one", "two");
    expect(await get()).toEqual(["one", "two"]);
    expect(await client.version()).toMatchObject({ version: "0.43.0" });
  });

  it("is a sub that asks again and again, and asks no more when it is left", async () => {
    const falco = await startOldFalco(scratchFolder());
    const rules: string[] = [];
    const leaving = new AbortController();
    const reading = (async () => {
      for await (const { rule } of clientOf(falco.address).sub({
        pollIntervalMs: 5,
        signal: leaving.signal,
      })) {
        rules.push(rule);
      }
    })();
    await expect.poll(() => falco.polls, patience).toBeGreaterThan(3);
    falco.raise("one", "two");
    await expect.poll(() => rules, patience).toEqual(["one", "two"]);
    falco.raise("three");
    await expect.poll(() => rules, patience).toEqual(["one", "two", "three"]);
    leaving.abort();
    await reading;
    await expect.poll(() => falco.calls, patience).toEqual(["sub"]);
  });

  it("filters on this side", async () => {
    const falco = await startOldFalco(scratchFolder());
    falco.raise("one", "two", "three");
    const rules: string[] = [];
    for await (const { rule } of clientOf(falco.address).get({
      filterLocally: true,
      rules: ["two", "three"],
    })) {
      rules.push(rule);
    }
    expect(rules).toEqual(["two", "three"]);
    expect(falco.waiting).toBe(0);
  });

  it("stops with OK: sub reconnects when it is back", async () => {
    const folder = scratchFolder();
    const first = await startOldFalco(folder);
    const rules: string[] = [];
    const statuses: string[] = [];
    void (async () => {
      for await (const { rule } of clientOf(first.address).sub({
        pollIntervalMs: 5,
        reconnect: { initialDelayMs: 1, maxDelayMs: 20 },
        onStatus: (status) => statuses.push(status.type),
      })) {
        rules.push(rule);
      }
    })();
    first.raise("one");
    await expect.poll(() => rules, patience).toEqual(["one"]);
    await first.stop();
    await expect.poll(() => statuses, patience).toContain("disconnected");
    const second = await startOldFalco(folder);
    second.raise("two");
    await expect.poll(() => rules, patience).toEqual(["one", "two"]);
    expect(statuses.join(" ")).toMatch(/^connecting connected (disconnected connecting )+resumed$/);
  });

  it("is left by a stream that ends with its signal before the first alert", async () => {
    const falco = await startOldFalco(scratchFolder());
    const leaving = new AbortController();
    const next = clientOf(falco.address).sub({ signal: leaving.signal })[Symbol.asyncIterator]().next();
    await expect.poll(() => falco.polls, patience).toBeGreaterThan(0);
    leaving.abort();
    expect(await next).toEqual({ value: undefined, done: true });
  });
});

it("continues with its group once our server stands where Falco stood", async () => {
  const folder = scratchFolder();
  const falco = await startOldFalco(folder);
  const client = clientOf(falco.address);
  await expect(client.sub({ group: "pager" })[Symbol.asyncIterator]().next()).rejects.toMatchObject({
    code: Code.Unimplemented,
  });
  await falco.stop();
  const server = await serve({ listen: [falco.address] });
  const next = client.sub({ group: "pager" })[Symbol.asyncIterator]().next();
  await server.waitForSubscribers(1);
  await server.publish({ rule: "r", priority: "Notice" });
  expect((await next).value?.rule).toBe("r");
});
