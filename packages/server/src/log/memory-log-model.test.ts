import { setImmediate } from "node:timers/promises";
import { afterAll, beforeAll, vi } from "vitest";
import { MemoryLog } from "./memory-log.js";
import { describeAlertLog } from "./testing/suite.js";

const bounds = { maxAlerts: 30, maxBytes: 4 * 1024 * 1024, window: 6 };

// A log's numbers start with the time of its creation: these are created one second after the other.
beforeAll(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-06-02T10:00:00Z") });
});
afterAll(() => {
  vi.useRealTimers();
});

describeAlertLog(
  "MemoryLog",
  {
    bounds,
    create: () => {
      vi.setSystemTime(Date.now() + 1000);
      return new MemoryLog(bounds);
    },
    // It hands out in microtasks, and continues with a filter once others had their turn.
    atRest: async () => {
      await setImmediate();
      await setImmediate();
    },
  },
  250,
);
