// Checks that need no test: format and lint, types, the contract, generated code, packages. Run within the workspace.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./pnpm.mjs";

const fresh = mkdtempSync(join(tmpdir(), "generated-"));
const withoutGo = spawnSync("go", ["version"]).error !== undefined;
const withoutCargo = spawnSync("cargo", ["--version"]).error !== undefined;
const generation = templateWithout(withoutGo ? ["Go"] : []).replaceAll(/out: /g, `out: ${fresh}/`);
const published = ["core", "node", "web", "server", "cli"];

const checks = {
  "format and lint": ["biome", "check", "."],
  types: ["turbo", "run", "typecheck", "--output-logs=errors-only"],
  "contract: format": ["buf", "format", "--diff", "--exit-code"],
  "contract: lint": ["buf", "lint"],
  "contract: no breaking change": ["buf", "breaking", "--against", "proto/baseline.binpb"],
  "generated code: generates": ["buf", "generate", "--template", generation],
  "generated code: is fresh": ["diff", "-r", "packages/core/src/gen", `${fresh}/packages/core/src/gen`],
  ...(!withoutGo && {
    "generated code: Go's is fresh": ["diff", "-r", "packages/go/api", `${fresh}/packages/go/api`],
  }),
  ...(!withoutCargo && {
    "generated code: Rust's is fresh": [
      ...["cargo", "run", "--quiet", "--locked", "--manifest-path", "packages/rust/Cargo.toml"],
      ...["-p", "falco-outputs-codegen", "--", "--check"],
    ],
  }),
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
if (withoutGo) {
  console.log(
    "\n*** There is no go on the PATH (https://go.dev/dl): whether packages/go/api is fresh is NOT checked ***\n",
  );
}
if (withoutCargo) {
  console.log(
    "\n*** There is no cargo on the PATH (https://rustup.rs): whether packages/rust/src/gen is fresh is NOT checked ***\n",
  );
}

const passed = Object.keys(checks).length - failed;
mkdirSync(join(root, ".report"), { recursive: true });
if (withoutGo && process.env.CI === "true") failed++;
if (withoutCargo && process.env.CI === "true") failed++;
writeFileSync(join(root, ".report/checks.json"), JSON.stringify({ passed, failed }));
process.exit(failed === 0 ? 0 : 1);

/** The template of `buf generate` without the plugins for some languages. Each is introduced by a comment that names its own. */
function templateWithout(languages) {
  const parts = readFileSync(join(root, "buf.gen.yaml"), "utf8").split(/^(?= {2}# \w+: )/m);
  return parts.filter((part) => !languages.some((name) => part.startsWith(`  # ${name}: `))).join("");
}
