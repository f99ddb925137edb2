import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { OutsideModules, withoutGo } from "./outside-module.js";
import { expectAllPrinted, itSubscribes, publishAll, start } from "./subscriber-examples.js";

describe.skipIf(withoutGo)("Go, outside the workspace", { timeout: 300_000 }, () => {
  const modules = new OutsideModules();
  afterAll(() => modules.remove());

  it("the README's quick start runs", async () => {
    const server = await start();
    const readme = readFileSync(new URL("../packages/go/README.md", import.meta.url), "utf8");
    const quickStart = /```go\n(package main[\s\S]*?)```/.exec(readme)![1]!;
    expect(quickStart).toContain("unix:///run/falco/falco.sock");
    const program = quickStart.replace("unix:///run/falco/falco.sock", server.address);
    const subscriber = modules.runProgram("readme", program);
    await server.waitForSubscribers(1);
    await publishAll(server);
    await expectAllPrinted(subscriber);
    subscriber.interrupt();
    expect(await subscriber.exited).toBe(0);
    expect(subscriber.errors).toEqual([]);
  });

  itSubscribes(
    (name, ...args) => modules.run(name, ...args),
    () => modules.folder,
  );
});
