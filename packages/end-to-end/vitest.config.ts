import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts"],
    // Real sockets and processes, on machines that do other things as well.
    testTimeout: 20_000,
    reporters: ["default", ["json", { outputFile: ".report/vitest.json" }]],
  },
});
