import { appendFileSync, renameSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { Following, numbered, scratchFolder } from "./testing/follow.js";

const watch = vi.hoisted(() => vi.fn());
vi.mock("node:fs", async (original) => ({ ...(await original<object>()), watch }));

it("needs no word of the system that a file has changed", async () => {
  watch.mockImplementation(() => {
    throw new Error("ENOSPC: System limit for number of file watchers reached");
  });
  const path = join(scratchFolder(), "alerts.json");
  const following = await Following.start({ path });
  await following.told("waiting for a file");
  writeFileSync(path, numbered(0, 10));
  await following.expectNumbers(0, 10);
  renameSync(path, `${path}.1`);
  writeFileSync(path, numbered(10, 20));
  await following.expectNumbers(0, 20);
  truncateSync(path);
  appendFileSync(path, numbered(20, 30));
  await following.expectNumbers(0, 30);
  expect(watch).toHaveBeenCalled();
});
