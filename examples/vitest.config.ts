import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["*.test.ts"],
    // The files mostly wait: for compilers, for npm, for a server that is away.
    maxWorkers: 2,
    reporters: ["default", ["json", { outputFile: ".report/vitest.json" }]],
  },
});
