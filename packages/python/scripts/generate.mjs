// Generates the stubs, with protoc and what it needs.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { environment, root } from "./environment.mjs";

const { python, missing } = environment("development");
if (missing !== undefined) throw new Error(`missing: ${missing}`);
process.exitCode = spawnSync(python, [join(root, "scripts/generate.py")], { stdio: "inherit" }).status ?? 1;
