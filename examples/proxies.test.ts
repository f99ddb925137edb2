import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { it } from "vitest";
import { Program } from "./outside-project.js";
import { expectToSurvive, proxies } from "./proxies.js";

const manifest = createRequire(import.meta.url).resolve("falco-outputs/package.json");
const command = join(dirname(manifest), "bin/falco-outputs.js");

// The examples do so in each language, see `subscriber-examples.ts`. At the same time, since the server is away for a while.
it.skipIf(proxies.length === 0)(
  "the command goes on through proxies whose server is killed and comes back",
  { timeout: 60_000 },
  async () => {
    const run = (address: string) => {
      const args = ["sub", "--address", address, "--group", "tickets", "--acknowledge", "--wait"];
      return new Program(".", process.execPath, command, ...args);
    };
    await Promise.all(proxies.map((proxy) => expectToSurvive(proxy, run)));
  },
);
