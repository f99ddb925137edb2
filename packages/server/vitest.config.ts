import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts"],
    // Processes and disks of a busy machine take their time.
    testTimeout: 60_000,
    expect: { poll: { timeout: 15_000, interval: 5 } },
    reporters: ["default", ["json", { outputFile: ".report/vitest.json" }]],
  },
});
