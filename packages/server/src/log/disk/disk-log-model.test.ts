import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { afterAll } from "vitest";
import { describeAlertLog } from "../testing/suite.js";
import { DiskLog } from "./disk-log.js";

/** The newest third is in memory, and a file holds a dozen. */
const bounds = { maxAlerts: 30, isCoarse: true, maxBytes: 4 * 1024 * 1024, window: 6 };
const directories: string[] = [];

afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true });
}, 60_000);

function open(): Promise<DiskLog> {
  return DiskLog.open({
    directory: directories.at(-1)!,
    maxAlerts: 10,
    maxBytes: bounds.maxBytes,
    window: bounds.window,
    segmentBytes: 2048,
    // Others use the disk as well.
    sync: "never",
    slowMs: 60_000,
    retention: { count: bounds.maxAlerts },
    events: { onOutage: fail, onOutageEnd: fail, onUnreadable: fail, onTrouble: fail },
  });
}

function fail(what: unknown): never {
  throw new Error("nothing is wrong with the disk", { cause: what });
}

describeAlertLog(
  "DiskLog",
  {
    bounds,
    create: () => {
      directories.push(mkdtempSync(join(tmpdir(), "falco-outputs-log-")));
      return open();
    },
    reopen: open,
    atRest: async () => {
      // What a read brings is handed out like what is in memory.
      for (let calm = 0; calm < 3; calm++) {
        await setImmediate();
        if (process.getActiveResourcesInfo().some((resource) => /^(FSReq|CloseReq)/.test(resource))) calm = 0;
      }
    },
  },
  150,
);
