import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OutsideProject, Program } from "./outside-project.js";
import { alerts, expectAllPrinted, itSubscribes, publishAll, rules, start } from "./subscriber-examples.js";

const project = new OutsideProject();
// Examples take TypeScript 7 as well, by which the workspace checks them.
const tools = ["tsx@4.23.15", "typescript@6.0.3", "@types/node@20.19.43"];
beforeAll(() => project.install(["core", "node", "server"], tools), 300_000);
afterAll(() => project.remove());

const folders = new Map<string, string>();

/** An example, copied and type-checked the first time, with the arguments of `npm start`. */
function runExample(name: string, ...args: string[]): Program {
  let folder = folders.get(name);
  if (folder === undefined) {
    folder = project.copy(name);
    const tsc = join(project.folder, "node_modules/typescript/bin/tsc");
    execFileSync(process.execPath, [tsc, "--noEmit"], { cwd: folder, stdio: "inherit" });
    folders.set(name, folder);
  }
  return new Program(folder, process.execPath, "--import", "tsx", `${name}.ts`, ...args);
}

describe("examples, copied outside the workspace", { timeout: 60_000 }, () => {
  itSubscribes(runExample, () => project.folder);

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

  it("broadcast-with-filter prints what matches, and takes nothing from others", async () => {
    const server = await start();
    const subscriber = runExample("broadcast-with-filter", server.address, "2026-06-02T09:14:00Z");
    await server.waitForSubscribers(1);
    await publishAll(server);
    await expect.poll(() => subscriber.lines.length, { timeout: 20_000 }).toBe(3);
    expect(subscriber.lines.map((line) => line.split(" ")[0])).toEqual(["Notice", "Critical", "Warning"]);
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
  const [, quickStart = ""] = /```js\n(import \{ createClient[\s\S]*?)```/.exec(readme) ?? [];
  const asCommonJs = (code: string) => {
    const [imports = "", body] = code.split(/\n\n(.*)/s);
    const requires = imports.replace(/^import (\{[^}]*\}) from ("[^"]+");$/gm, "const $1 = require($2);");
    return `${requires}\n(async () => {\n${body}})();`;
  };

  it.each([
    ["as an ES module", "readme.mjs", (code: string) => code],
    ["through require", "readme.cjs", asCommonJs],
  ])("runs %s", async (_, file, transform) => {
    const server = await start();
    const withAddress = `createClient(${JSON.stringify({ address: server.address })})`;
    expect(quickStart).toContain("createClient()");
    project.write(file, transform(quickStart.replace("createClient()", withAddress)));
    const subscriber = new Program(project.folder, process.execPath, file);
    await server.waitForSubscribers(1);
    await publishAll(server);
    await expectAllPrinted(subscriber);
    expect(subscriber.errors).toEqual(["connecting", "connected"]);
    subscriber.interrupt();
    await subscriber.exited;
  });
});
