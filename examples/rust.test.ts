import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type FalcoOutputsServer, type ServerOptions, startServer } from "@falco-outputs/server";
import { Authority, fixtureLines, writeIdentity } from "@falco-outputs/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { OutsideCrates, withoutCargo } from "./outside-crate.js";
import type { Program } from "./outside-project.js";

const alerts = fixtureLines("alerts.jsonl");
const rules = alerts.map((line) => JSON.parse(line).rule as string);

const servers: FalcoOutputsServer[] = [];
async function start(options?: ServerOptions): Promise<FalcoOutputsServer> {
  const server = await startServer(options);
  servers.push(server);
  return server;
}
afterEach(() => Promise.all(servers.splice(0).map((server) => server.stop())));

async function publishAll(server: FalcoOutputsServer): Promise<void> {
  for (const alert of alerts) await server.publish(alert);
}

async function expectAllPrinted(program: Program): Promise<void> {
  await expect.poll(() => program.lines.length, { timeout: 20_000 }).toBe(alerts.length);
  for (const [index, rule] of rules.entries()) expect(program.lines[index]).toContain(rule);
}

// The first one builds what all of them depend on.
describe.skipIf(withoutCargo)("Rust, outside the workspace", { timeout: 600_000 }, () => {
  let crates: OutsideCrates;
  beforeAll(() => {
    crates = new OutsideCrates();
  }, 300_000);
  afterAll(() => crates?.remove());

  it("the README's quick start runs", async () => {
    const server = await start();
    const readme = readFileSync(new URL("../packages/rust/README.md", import.meta.url), "utf8");
    const quickStart = /```rust,no_run\n(use falco_outputs[\s\S]*?)```/.exec(readme)![1]!;
    expect(quickStart).toContain("unix:///run/falco/falco.sock");
    const program = quickStart.replace("unix:///run/falco/falco.sock", server.address);
    const subscriber = crates.runProgram("readme", program);
    await server.waitForSubscribers(1);
    await publishAll(server);
    await expectAllPrinted(subscriber);
    expect(subscriber.errors).toEqual([]);
    subscriber.kill();
    await subscriber.exited;
  });

  it("subscriber prints each alert, and ends on SIGINT", async () => {
    const server = await start();
    const subscriber = crates.run("subscriber", server.address);
    await server.waitForSubscribers(1);
    await publishAll(server);
    await expectAllPrinted(subscriber);
    expect(subscriber.lines[1]).toMatch(
      /^2026-06-02T09:14:09\.000000001Z Warning +Read sensitive file untrusted "/,
    );
    subscriber.interrupt();
    expect(await subscriber.exited).toBe(0);
    expect(subscriber.errors).toEqual([]);
  });

  it("subscriber-tls does so over mutual TLS, and says what is wrong with a certificate", async () => {
    const authority = await Authority.create();
    const folder = join(crates.folder, "certs");
    writeIdentity(folder, "client", authority.ca, await authority.issue());
    const tls = { ca: authority.ca, ...(await authority.issue({ names: ["localhost"] })) };
    const server = await start({ listen: [{ address: "localhost:0", tls }] });
    const subscriber = crates.run("subscriber-tls", server.address, folder);
    await server.waitForSubscribers(1);
    await publishAll(server);
    await expectAllPrinted(subscriber);
    expect(JSON.parse(subscriber.lines[0]!)).toMatchObject({ rule: rules[0] });
    subscriber.interrupt();
    expect(await subscriber.exited).toBe(0);

    const other = await Authority.create();
    writeIdentity(folder, "client", other.ca, await authority.issue());
    const refused = crates.run("subscriber-tls", server.address, folder);
    expect(await refused.exited).toBe(1);
    expect(refused.errors.join()).toContain("signed by none of the authorities");
  });

  it("acknowledge works off a group's alerts, and again those that a killed one did not finish", async () => {
    const server = await start();
    const killed = crates.run("acknowledge", server.address);
    await server.waitForSubscribers(1);
    const rounds = 30;
    for (let round = 0; round < rounds; round++) await publishAll(server);
    await expect.poll(() => killed.lines.length, { timeout: 20_000 }).toBeGreaterThan(0);
    killed.kill();
    await killed.exited;
    await server.waitForSubscribers(0);
    const next = crates.run("acknowledge", server.address);
    await server.waitForSubscribers(1);
    const handled = () => new Set([...killed.lines, ...next.lines]).size;
    await expect.poll(handled, { timeout: 20_000 }).toBe(rounds * alerts.length);
    next.interrupt();
    expect(await next.exited).toBe(0);
    expect(server.stats().groups.tickets).toMatchObject({
      delivered: rounds * alerts.length,
      waiting: 0,
      lost: 0,
    });
  });
});
