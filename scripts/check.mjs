// Checks that need no test: format and lint, types, the contract, generated code, packages. Run within the workspace.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./pnpm.mjs";

const fresh = mkdtempSync(join(tmpdir(), "generated-"));
const generation = readFileSync(join(root, "buf.gen.yaml"), "utf8").replaceAll(/out: /g, `out: ${fresh}/`);
const published = ["core", "node", "web", "server", "cli"];

const checks = {
  "format and lint": ["biome", "check", "."],
  types: ["turbo", "run", "typecheck", "--output-logs=errors-only"],
  "contract: format": ["buf", "format", "--diff", "--exit-code"],
  "contract: lint": ["buf", "lint"],
  "contract: no breaking change": ["buf", "breaking", "--against", "proto/baseline.binpb"],
  "generated code: generates": ["buf", "generate", "--template", generation],
  "generated code: is fresh": ["diff", "-r", "packages/core/src/gen", `${fresh}/packages/core/src/gen`],
  "generated code: that of Python is fresh": ["node", "packages/python/scripts/check-generated.mjs"],
  "nothing unused": ["knip"],
  ...Object.fromEntries(
    published.map((name) => [
      `package ${name}`,
      ["publint", "--strict", "--pack", "npm", `packages/${name}`],
    ]),
  ),
};

let failed = 0;
for (const [name, [command, ...args]] of Object.entries(checks)) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: root, encoding: "utf8" });
  const ok = error === undefined && status === 0;
  console.log(`${ok ? "✓" : "✗"} ${name}`);
  // What could not be checked on this machine.
  if (ok) process.stderr.write(stderr.startsWith("***") ? stderr : "");
  if (ok) continue;
  failed++;
  console.log(error?.message ?? `${stdout}${stderr}`);
}
rmSync(fresh, { recursive: true, force: true });

const passed = Object.keys(checks).length - failed;
mkdirSync(join(root, ".report"), { recursive: true });
writeFileSync(join(root, ".report/checks.json"), JSON.stringify({ passed, failed }));
process.exit(failed === 0 ? 0 : 1);
