import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type FalcoOutputsServer, type ServerOptions, startServer } from "@falco-outputs/server";
import { Authority, fixtureLines, writeIdentity } from "@falco-outputs/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Program } from "./outside-project.js";

const here = fileURLToPath(new URL(".", import.meta.url));
const packageFolder = join(here, "../packages/python");
const tools = spawnSync(process.execPath, [join(packageFolder, "scripts/environment.mjs"), "development"], {
  encoding: "utf8",
});
const withoutPython = tools.status === 3 && process.env.CI !== "true";
if (withoutPython) {
  console.warn(`\n*** The examples for Python do NOT run. Missing: ${tools.stdout.trim()} ***\n`);
}
const toolsPython = tools.stdout.trim();

const folder = mkdtempSync(join(tmpdir(), "outside-python-"));
/** The interpreter of an environment that has our wheel as PyPI would give it. */
const python = join(folder, "venv/bin/python");

beforeAll(() => {
  if (withoutPython) return;
  if (tools.status !== 0) throw new Error(tools.stderr);
  run(toolsPython, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, packageFolder);
  run(toolsPython, "-m", "venv", join(folder, "venv"));
  const wheel = readdirSync(folder).find((file) => file.endsWith(".whl"))!;
  run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", join(folder, wheel));
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

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

/** An example, copied and type-checked, with arguments. */
function runExample(name: string, ...args: string[]): Program {
  const copy = join(folder, "examples", name);
  mkdirSync(copy, { recursive: true });
  cpSync(join(here, "python", name), copy, { recursive: true });
  const program = `${name.replace("-", "_")}.py`;
  run(toolsPython, "-m", "mypy", "--strict", "--python-executable", python, join(copy, program));
  return new Program(copy, python, program, ...args);
}

function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
}

async function expectAllPrinted(program: Program): Promise<void> {
  await expect.poll(() => program.lines.length, { timeout: 20_000 }).toBe(alerts.length);
  for (const [index, rule] of rules.entries()) expect(program.lines[index]).toContain(rule);
}

describe.skipIf(withoutPython)("examples for Python, with the wheel", { timeout: 60_000 }, () => {
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
    const certificates = join(folder, "certs");
    writeIdentity(certificates, "client", authority.ca, await authority.issue());
    const tls = { ca: authority.ca, ...(await authority.issue({ names: ["localhost"] })) };
    const server = await start({ listen: [{ address: "localhost:0", tls }] });
    const subscriber = runExample("subscriber-tls", server.address, certificates);
    await server.waitForSubscribers(1);
    await publishAll(server);
    await expectAllPrinted(subscriber);
    subscriber.interrupt();
    expect(await subscriber.exited).toBe(0);

    const other = await Authority.create();
    writeIdentity(certificates, "client", other.ca, await authority.issue());
    const refused = runExample("subscriber-tls", server.address, certificates);
    expect(await refused.exited).toBe(1);
    expect(refused.errors.join()).toContain("signed by none of the authorities");
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

  it("the README's programs run", async () => {
    const readme = readFileSync(join(packageFolder, "README.md"), "utf8");
    const quickStart = /## Quick start\n([\s\S]*?)\n## /.exec(readme)![1]!;
    const programs = [...quickStart.matchAll(/```py\n([\s\S]*?)```/g)];
    expect(programs).toHaveLength(2);
    for (const [index, [, code]] of programs.entries()) {
      const server = await start();
      const file = `readme_${index}.py`;
      writeFileSync(join(folder, file), code!.replace("unix:///run/falco/falco.sock", server.address));
      const program = new Program(folder, python, "-u", file);
      await server.waitForSubscribers(1);
      await publishAll(server);
      await expectAllPrinted(program);
      expect(program.errors).toEqual([]);
      program.kill();
      await program.exited;
    }
  });
});
