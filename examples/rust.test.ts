import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OutsideCrates, withoutCargo } from "./outside-crate.js";
import { expectAllPrinted, itSubscribes, publishAll, start } from "./subscriber-examples.js";

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
    expect(quickStart).toContain("Client::local()");
    const program = quickStart.replace("Client::local()", `Client::new(${JSON.stringify(server.address)})`);
    const subscriber = crates.runProgram("readme", program);
    await server.waitForSubscribers(1);
    await publishAll(server);
    await expectAllPrinted(subscriber);
    expect(subscriber.errors).toEqual(["Connecting { attempt: 1 }", "Connected"]);
    subscriber.kill();
    await subscriber.exited;
  });

  itSubscribes(
    (name, ...args) => crates.run(name, ...args),
    () => crates.folder,
  );
});
