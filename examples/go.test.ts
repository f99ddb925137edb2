import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { OutsideModules, withoutGo } from "./outside-module.js";
import { alerts, expectAllPrinted, itSubscribes, publishAll, start } from "./subscriber-examples.js";

describe.skipIf(withoutGo)("Go, outside the workspace", { timeout: 300_000 }, () => {
  const modules = new OutsideModules();
  afterAll(() => modules.remove());

  it("the README's quick start runs", async () => {
    const server = await start();
    const readme = readFileSync(new URL("../packages/go/README.md", import.meta.url), "utf8");
    const quickStart = /```go\n(package main[\s\S]*?)```/.exec(readme)![1]!;
    expect(quickStart).toContain("falco.NewClient()");
    const address = `falco.NewClient(falco.WithAddress("${server.address}"))`;
    const program = quickStart.replace("falco.NewClient()", address);
    const subscriber = modules.runProgram("readme", program);
    await server.waitForSubscribers(1);
    await publishAll(server);
    await expectAllPrinted(subscriber);
    subscriber.interrupt();
    expect(await subscriber.exited).toBe(0);
    expect(subscriber.errors).toEqual(["connecting, attempt 1", "connected"]);
  });

  it("the README's quick start says in one line why it cannot connect", async () => {
    const readme = readFileSync(new URL("../packages/go/README.md", import.meta.url), "utf8");
    const quickStart = /```go\n(package main[\s\S]*?)```/.exec(readme)![1]!;
    const address = `falco.NewClient(falco.WithAddress("unix:///nowhere/falco.sock"))`;
    const program = modules.runProgram("nowhere", quickStart.replace("falco.NewClient()", address));
    expect(await program.exited).toBe(1);
    expect(program.errors).toEqual([
      "connecting, attempt 1",
      "sub on unix:///nowhere/falco.sock: there is no such socket: is the server running, and does it listen there?",
    ]);
  });

  it("http prints each alert that is posted", async () => {
    const program = modules.run("http", "127.0.0.1:0");
    await expect.poll(() => program.lines.length, { timeout: 20_000 }).toBe(1);
    const url = /http:\S+/.exec(program.lines[0]!)![0];
    for (const body of alerts) expect((await fetch(url, { method: "POST", body })).status).toBe(200);
    await expectAllPrinted(program, ["listening on"]);
    program.kill();
    await program.exited;
    expect(program.errors).toEqual([]);
  });

  itSubscribes(
    (name, ...args) => modules.run(name, ...args),
    () => modules.folder,
  );
});
