// Lints, checks the types and tests, and leaves a report.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environment, root } from "./environment.mjs";

const report = join(root, ".report");
mkdirSync(report, { recursive: true });

const { python, missing } = environment("development");
if (missing !== undefined) {
  const inCi = process.env.CI === "true";
  console.error(`\n*** The tests of the client for Python do NOT run. Missing: ${missing} ***\n`);
  leave({ passed: 0, failed: inCi ? 1 : 0 });
}

const results = { passed: 0, failed: 0 };
const checks = [
  ["format", "ruff", "format", "--check", "."],
  ["lint", "ruff", "check", "."],
  ["types", "mypy"],
];
for (const [name, module, ...args] of checks) {
  const ok = run(module, ...args);
  console.log(`${ok ? "✓" : "✗"} ${name}`);
  results[ok ? "passed" : "failed"]++;
}

// Not beside the report, where each file is one.
const counts = join(root, ".venv/pytest.xml");
const ok = run("pytest", "-q", `--junit-xml=${counts}`);
const { tests, failures, errors, skipped } = totals(readFileSync(counts, "utf8"));
results.passed += tests - failures - errors - skipped;
results.failed += failures + errors;
// An error of pytest's own, e.g. a file that cannot be imported.
if (!ok && results.failed === 0) results.failed = 1;
leave(results);

function run(module, ...args) {
  return spawnSync(python, ["-m", module, ...args], { cwd: root, stdio: "inherit" }).status === 0;
}

function totals(xml) {
  const suite = /<testsuite [^>]*>/.exec(xml)?.[0] ?? "";
  const count = (name) => Number(new RegExp(` ${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
  return {
    tests: count("tests"),
    failures: count("failures"),
    errors: count("errors"),
    skipped: count("skipped"),
  };
}

function leave({ passed, failed }) {
  writeFileSync(join(report, "python.json"), JSON.stringify({ passed, failed }));
  process.exit(failed === 0 ? 0 : 1);
}
