import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FreezingDisk, withoutFreezing } from "./testing/disks.js";
import { countsOf, numbersInFile, publishNumbered, serve, upTo } from "./testing/serve.js";

/** An output whose last alert hangs in the kernel; the file was renamed before. */
async function hang(keepAlive: boolean) {
  const disk = new FreezingDisk();
  const filename = join(disk.path, "alerts");
  const { server, logged } = await serve({
    file: { filename, keepAlive },
    format: { json: true },
    queue: { timeoutMs: 50 },
  });
  await publishNumbered(server, 1);
  await countsOf(server, "file", { written: 1 });
  renameSync(filename, `${filename}.1`);
  disk.freeze();
  await publishNumbered(server, 1, "", 1);
  await expect.poll(() => logged.join()).toContain("not written within 50 ms");
  return { disk, filename, server, logged };
}

describe.skipIf(withoutFreezing)("a write that hangs in the kernel", () => {
  it("does not keep the output from being reopened: later alerts go to the new file", async () => {
    const { disk, filename, server, logged } = await hang(true);
    server.reopenOutputs();
    await expect.poll(() => logged.join()).toContain("an output cannot be reopened");
    expect(logged.join()).toContain("not reopened within 50 ms");
    await publishNumbered(server, 2, "", 2);
    disk.thaw();
    await countsOf(server, "file", { written: 4, failed: 0, waiting: 0 });
    expect(numbersInFile(`${filename}.1`)).toEqual(upTo(2));
    expect(numbersInFile(filename)).toEqual(upTo(2, 2));
  });

  it.each([false, true])("does not keep the server from stopping (keepAlive: %s)", async (keepAlive) => {
    const { filename, server } = await hang(keepAlive);
    await server.stop();
    expect(server.stats().outputs.file).toEqual({ written: 1, failed: 1, dropped: 0, waiting: 0 });
    expect(existsSync(`${filename}.1`)).toBe(true);
  });

  it("does not keep the server from stopping while the output is reopened", async () => {
    const { server } = await hang(true);
    server.reopenOutputs();
    await publishNumbered(server, 1, "", 2);
    await server.stop();
    expect(server.stats().outputs.file).toMatchObject({ written: 1, failed: 1, dropped: 1, waiting: 0 });
  });
});
