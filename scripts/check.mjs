// Checks that need no test: format and lint, import cycles among it, types, the lengths of files, the contract, generated
// code, packages. Run within the workspace, once it is built.
import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { lacks } from "@falco-outputs/testing";
import { root } from "./pnpm.mjs";

const fresh = mkdtempSync(join(tmpdir(), "generated-"));
const hasGo = spawnSync("go", ["version"]).error === undefined;
const withoutGo = lacks("go on the PATH", hasGo, "https://go.dev/dl");
const generation = templateWithout(withoutGo ? ["Go"] : []).replaceAll(/out: /g, `out: ${fresh}/`);
const published = ["core", "node", "web", "server", "cli"];

let passed = 0;
const failures = [];
await checkAll({
  "generated code: generates": ["buf", "generate", "--template", generation],
  ...Object.fromEntries(
    typeScriptProjects().map((path) => [`types: ${path}`, ["tsc", "--noEmit", "-p", path]]),
  ),
  "nothing unused": ["knip"],
  "no file too long": ["node", "scripts/file-lengths.mjs"],
  "format and lint": ["biome", "check", "."],
  ...Object.fromEntries(
    published.map((name) => [
      `package ${name}`,
      ["publint", "--strict", "--pack", "npm", `packages/${name}`],
    ]),
  ),
  "contract: format": ["buf", "format", "--diff", "--exit-code"],
  "contract: lint": ["buf", "lint"],
  "contract: no breaking change": ["buf", "breaking", "--against", "proto/baseline.binpb"],
});
await checkAll({
  "generated code: is fresh": ["diff", "-r", "packages/core/src/gen", `${fresh}/packages/core/src/gen`],
  ...(!withoutGo && {
    "generated code: Go's is fresh": ["diff", "-r", "packages/go/api", `${fresh}/packages/go/api`],
  }),
});
rmSync(fresh, { recursive: true, force: true });
mkdirSync(join(root, ".report"), { recursive: true });
writeFileSync(
  join(root, ".report/checks.json"),
  JSON.stringify({ passed, failed: failures.length, failures }),
);
process.exit(failures.length === 0 ? 0 : 1);

/** Makes checks, each a program and its arguments; as many at once as there are cores. */
async function checkAll(checks) {
  const waiting = Object.entries(checks);
  const makeNext = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await check(...next);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, makeNext));
}

function check(name, [program, ...args]) {
  return new Promise((resolve) => {
    execFile(program, args, { cwd: root, maxBuffer: 1024 ** 3 }, (error, stdout, stderr) => {
      console.log(`${error === null ? "✓" : "✗"} ${name}`);
      if (error === null) passed++;
      else failures.push(name);
      // A program that could not be started printed nothing.
      if (error !== null) console.log(`${stdout}${stderr}` || error.message);
      resolve();
    });
  });
}

/** The projects that tsc checks: those that emit nothing. */
function typeScriptProjects() {
  const folders = ["packages", "examples/typescript"].flatMap((parent) =>
    readdirSync(join(root, parent)).map((name) => `${parent}/${name}`),
  );
  return [...folders, "examples"].flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => /^tsconfig(\.test)?\.json$/.test(name))
      .map((name) => `${folder}/${name}`),
  );
}

/** The template of `buf generate` without the plugins for some languages. Each is introduced by a comment that names its own. */
function templateWithout(languages) {
  const parts = readFileSync(join(root, "buf.gen.yaml"), "utf8").split(/^(?= {2}# \w+: )/m);
  return parts.filter((part) => !languages.some((name) => part.startsWith(`  # ${name}: `))).join("");
}
