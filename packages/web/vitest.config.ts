import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts"],
    // Browsers, on machines that do other things as well.
    testTimeout: 20_000,
    reporters: ["default", ["json", { outputFile: ".report/vitest.json" }]],
  },
});
