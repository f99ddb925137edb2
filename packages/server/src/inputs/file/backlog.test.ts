import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { startServer } from "../../index.js";
import { numbered, scratchFolder } from "./testing/follow.js";

it("is read no faster than an output that goes on can write it", async () => {
  const folder = scratchFolder();
  const [path, written] = [join(folder, "falco.log"), join(folder, "written.log")];
  const count = 40_000;
  writeFileSync(path, numbered(0, count).replaceAll("}", `,"output":"${"x".repeat(400)}"}`));
  await using server = await startServer({
    listen: [],
    inputs: { files: [{ path, from: "beginning" }] },
    outputs: {
      format: { json: true },
      file: { filename: written },
      program: { program: "cat > /dev/null", keepAlive: true },
    },
  });
  await expect
    .poll(() => server.stats().outputs, { timeout: 60_000, interval: 20 })
    .toMatchObject({
      file: { written: count, failed: 0, dropped: 0 },
      program: { written: count, failed: 0, dropped: 0 },
    });
});
