// Checks that the committed stubs are those that the contract generates.
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { environment, root } from "./environment.mjs";

const { python, missing } = environment("development");
if (missing !== undefined) throw new Error(`missing: ${missing}`);
const committed = join(root, "src/falco_outputs/_gen");
const fresh = mkdtempSync(join(tmpdir(), "generated-python-"));
cpSync(committed, fresh, { recursive: true, filter: (path) => !path.endsWith("__pycache__") });
const made = spawnSync(python, [join(root, "scripts/generate.py"), fresh], { stdio: "inherit" });
const { status } = spawnSync("diff", ["-r", "-x", "__pycache__", committed, fresh], { stdio: "inherit" });
rmSync(fresh, { recursive: true, force: true });
process.exitCode = made.status === 0 && status === 0 ? 0 : 1;
