import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts"],
    // A target's 10,000 inputs take a second or two on a machine that does nothing else.
    testTimeout: 60_000,
    reporters: ["default", ["json", { outputFile: ".report/vitest.json" }]],
  },
});
