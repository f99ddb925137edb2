import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts"],
    // Each test starts processes, which takes its time on a machine with other work.
    testTimeout: 30_000,
    expect: { poll: { timeout: 15_000, interval: 10 } },
    reporters: ["default", ["json", { outputFile: ".report/vitest.json" }]],
  },
});
