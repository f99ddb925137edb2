#!/usr/bin/env node
const args = process.argv.slice(2);
// Falco may start `forward` for each alert, and waits for it: it comes without what the other commands load.
const isForward = args[0] === "forward";
const run = isForward
  ? (await import("../dist/forward/main.js")).main
  : (await import("../dist/program.js")).run;

// Set, not exited with: what was written to a pipe still has to leave.
process.exitCode = await run(args);
