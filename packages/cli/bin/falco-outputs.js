#!/usr/bin/env node
import { run } from "../dist/program.js";

// Set, not exited with: what was written to a pipe still has to leave.
process.exitCode = await run(process.argv.slice(2));
