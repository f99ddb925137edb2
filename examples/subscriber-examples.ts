import { join } from "node:path";
import { type FalcoOutputsServer, type ServerOptions, startServer } from "@falco-outputs/server";
import { Authority, fixtureLines, writeIdentity } from "@falco-outputs/testing";
import { afterEach, expect, it } from "vitest";
import type { Program } from "./outside-project.js";
import { expectToLeaveDeadStream, expectToSurvive, proxies } from "./proxies.js";

export const alerts = fixtureLines("alerts.jsonl");
export const rules = alerts.map((line) => JSON.parse(line).rule as string);
const servers: FalcoOutputsServer[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.stop())));

/** A server that stops after the test. */
export async function start(options?: ServerOptions): Promise<FalcoOutputsServer> {
  const server = await startServer(options);
  servers.push(server);
  return server;
}

export async function publishAll(server: FalcoOutputsServer): Promise<void> {
  for (const alert of alerts) await server.publish(alert);
}

export async function expectAllPrinted(program: Program, before: readonly string[] = []): Promise<void> {
  await expect.poll(() => program.lines.length, { timeout: 20_000 }).toBe(before.length + alerts.length);
  for (const [index, text] of [...before, ...rules].entries()) expect(program.lines[index]).toContain(text);
}

/**
 * What the examples `subscriber`, `subscriber-tls` and `acknowledge` do, in whatever language.
 * @param run Starts the example of that name. @param folder Gives a folder for certificates.
 */
export function itSubscribes(run: (name: string, ...args: string[]) => Program, folder: () => string): void {
  it("subscriber prints each alert, and ends on SIGINT", async () => {
    const server = await start();
    const subscriber = run("subscriber", server.address);
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
    const certificates = join(folder(), "certs");
    writeIdentity(certificates, "client", authority.ca, await authority.issue());
    const tls = { ca: authority.ca, ...(await authority.issue({ names: ["localhost"] })) };
    const server = await start({ listen: [{ address: "localhost:0", tls }] });
    const subscriber = run("subscriber-tls", server.address, certificates);
    await server.waitForSubscribers(1);
    await publishAll(server);
    await expectAllPrinted(subscriber);
    expect(JSON.parse(subscriber.lines[0]!)).toMatchObject({ rule: rules[0] });
    subscriber.interrupt();
    expect(await subscriber.exited).toBe(0);

    const other = await Authority.create();
    writeIdentity(certificates, "client", other.ca, await authority.issue());
    const refused = run("subscriber-tls", server.address, certificates);
    expect(await refused.exited).toBe(1);
    expect(refused.errors.join()).toContain("signed by none of the authorities");
  });

  it("acknowledge works off a group's alerts, and again those that a killed one did not finish", async () => {
    const server = await start();
    const killed = run("acknowledge", server.address);
    await server.waitForSubscribers(1);
    const rounds = 30;
    for (let round = 0; round < rounds; round++) await publishAll(server);
    await expect.poll(() => killed.lines.length, { timeout: 20_000 }).toBeGreaterThan(0);
    killed.kill();
    await killed.exited;
    await server.waitForSubscribers(0);
    const next = run("acknowledge", server.address);
    await server.waitForSubscribers(1);
    const handled = () => new Set([...killed.lines, ...next.lines]).size;
    await expect.poll(handled, { timeout: 20_000 }).toBe(rounds * alerts.length);
    next.interrupt();
    expect(await next.exited).toBe(0);
    await expect
      .poll(() => server.stats().groups.tickets, { timeout: 20_000 })
      .toMatchObject({ delivered: rounds * alerts.length, waiting: 0, lost: 0 });
  });

  // At the same time, since the server is away for a while.
  it.skipIf(proxies.length === 0)(
    "acknowledge goes on through proxies whose server is killed and comes back",
    async () => {
      const survive = proxies.map((proxy) =>
        expectToSurvive(proxy, (address) => run("acknowledge", address)),
      );
      await Promise.all(survive);
    },
  );

  const nginx = proxies.find(({ name }) => name === "nginx");
  it.skipIf(nginx === undefined)(
    "acknowledge leaves a stream that a proxy keeps open though its server is frozen",
    () => expectToLeaveDeadStream(nginx!, (address) => run("acknowledge", address)),
  );
}
