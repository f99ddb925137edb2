import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type FalcoOutputsServer, type ServerOptions, startServer } from "@falco-outputs/server";
import { Authority, fixtureLines, writeIdentity } from "@falco-outputs/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { OutsideProject, Program } from "./outside-project.js";

const project = new OutsideProject();
const tools = ["tsx@4.23.15", "typescript@6.0.3", "@types/node@20.19.43"];
beforeAll(() => project.install(["core", "node", "server"], tools), 300_000);
afterAll(() => project.remove());

const servers: FalcoOutputsServer[] = [];
async function start(options?: ServerOptions): Promise<FalcoOutputsServer> {
  const server = await startServer(options);
  servers.push(server);
  return server;
}
afterEach(() => Promise.all(servers.splice(0).map((server) => server.stop())));

const alerts = fixtureLines("alerts.jsonl");
const rules = alerts.map((line) => JSON.parse(line).rule as string);

async function publishAll(server: FalcoOutputsServer): Promise<void> {
  for (const alert of alerts) await server.publish(alert);
}

/** An example, copied and type-checked, with the arguments of `npm start`. */
function runExample(name: string, ...args: string[]): Program {
  const folder = project.copy(name);
  const tsc = join(project.folder, "node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [tsc, "--noEmit"], { cwd: folder, stdio: "inherit" });
  return new Program(folder, process.execPath, "--import", "tsx", `${name}.ts`, ...args);
}

async function expectAllPrinted(program: Program): Promise<void> {
  await expect.poll(() => program.lines.length, { timeout: 20_000 }).toBe(alerts.length);
  for (const [index, rule] of rules.entries()) expect(program.lines[index]).toContain(rule);
}

describe("examples, copied outside the workspace", { timeout: 60_000 }, () => {
  it("subscriber prints each alert, and ends on SIGINT", async () => {
    const server = await start();
    const subscriber = runExample("subscriber", server.address);
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
    const folder = join(project.folder, "certs");
    writeIdentity(folder, "client", authority.ca, await authority.issue());
    const tls = { ca: authority.ca, ...(await authority.issue({ names: ["localhost"] })) };
    const server = await start({ listen: [{ address: "localhost:0", tls }] });
    const subscriber = runExample("subscriber-tls", server.address, folder);
    await server.waitForSubscribers(1);
    await publishAll(server);
    await expectAllPrinted(subscriber);
    subscriber.interrupt();
    expect(await subscriber.exited).toBe(0);

    const other = await Authority.create();
    writeIdentity(folder, "client", other.ca, await authority.issue());
    const refused = runExample("subscriber-tls", server.address, folder);
    expect(await refused.exited).toBe(1);
    expect(refused.errors.join()).toContain("signed by none of the authorities");
  });

  it("get counts what is queued", async () => {
    const server = await start();
    await publishAll(server);
    const get = runExample("get", server.address);
    expect(await get.exited).toBe(0);
    expect(get.lines).toEqual([
      ...rules.map((rule) => `1 ${rule}`),
      "5 of them at least as severe as an error",
    ]);
  });

  it("acknowledge works off a group's alerts, and again those that a killed one did not finish", async () => {
    const server = await start();
    const killed = runExample("acknowledge", server.address);
    await server.waitForSubscribers(1);
    const rounds = 30;
    for (let round = 0; round < rounds; round++) await publishAll(server);
    await expect.poll(() => killed.lines.length, { timeout: 20_000 }).toBeGreaterThan(0);
    killed.kill();
    await killed.exited;
    await server.waitForSubscribers(0);
    const next = runExample("acknowledge", server.address);
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

  it("broadcast-with-filter prints what matches, and takes nothing from others", async () => {
    const server = await start();
    const subscriber = runExample("broadcast-with-filter", server.address);
    await server.waitForSubscribers(1);
    await publishAll(server);
    await expect.poll(() => subscriber.lines.length, { timeout: 20_000 }).toBe(3);
    expect(subscriber.lines.map((line) => line.split(" ")[0])).toEqual(["Warning", "Critical", "Warning"]);
    expect(server.stats().groups[""]).toMatchObject({ delivered: 0, waiting: alerts.length });
    subscriber.interrupt();
    expect(await subscriber.exited).toBe(0);
  });

  it("reconnect-status waits for the server, and tells when it goes and comes", async () => {
    const address = `unix://${join(project.folder, "falco.sock")}`;
    const subscriber = runExample("reconnect-status", address);
    const told = (text: string) => () => subscriber.lines.filter((line) => line.startsWith(text)).length;
    await expect.poll(told("disconnected"), { timeout: 20_000 }).toBeGreaterThan(0);
    const first = await start({ listen: [address] });
    await expect.poll(told("connected"), { timeout: 20_000 }).toBe(1);
    await first.stop();
    const second = await start({ listen: [address] });
    await expect.poll(told("lost nobody knows how many"), { timeout: 20_000 }).toBe(1);
    await second.publish(alerts[0]!);
    await expect.poll(told("alert: Terminal shell"), { timeout: 20_000 }).toBe(1);
    expect(told("resumed")()).toBe(1);
    subscriber.interrupt();
    expect(await subscriber.exited).toBe(0);
  });

  it("embedded-server tests a subscriber", async () => {
    const test = runExample("embedded-server");
    expect(await test.exited).toBe(0);
    expect(test.lines).toEqual(["paged for: Drop and execute new binary in container"]);
  });
});

describe("the README's subscriber, with the packed packages", { timeout: 60_000 }, () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const quickStart = /```js\n(import \{ createClient[\s\S]*?)```/.exec(readme)?.[1];
  const asCommonJs = (code: string) =>
    `${code.replace(/^import (\{[^}]*\}) from ("[^"]+");$/gm, "const $1 = require($2);").replace(/^for await/m, "(async () => { for await")} })();`;

  it.each([
    ["as an ES module", "readme.mjs", (code: string) => code],
    ["through require", "readme.cjs", asCommonJs],
  ])("runs %s", async (_, file, transform) => {
    const server = await start();
    expect(quickStart).toContain("unix:///run/falco/falco.sock");
    project.write(file, transform(quickStart!.replace("unix:///run/falco/falco.sock", server.address)));
    const subscriber = new Program(project.folder, process.execPath, file);
    await server.waitForSubscribers(1);
    await publishAll(server);
    await expectAllPrinted(subscriber);
    expect(subscriber.errors).toEqual([]);
    subscriber.interrupt();
    await subscriber.exited;
  });
});
