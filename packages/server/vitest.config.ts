import { defineConfig } from "vitest/config";

/** It replaces a module of Node's. */
const mocking = "src/inputs/file/wake.test.ts";

export default defineConfig({
  test: {
    // Processes and disks of a busy machine take their time.
    testTimeout: 60_000,
    expect: { poll: { timeout: 15_000, interval: 5 } },
    reporters: ["default", ["json", { outputFile: ".report/vitest.json" }]],
    projects: [
      // One module graph for all files: loading it for each takes a third of the time.
      {
        extends: true,
        test: { name: "server", include: ["src/**/*.test.ts"], exclude: [mocking], isolate: false },
      },
      { extends: true, test: { name: "mocking", include: [mocking] } },
    ],
  },
});
