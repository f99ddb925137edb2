// npm test: installs, checks, builds and tests everything. The last line is "N passed, N failed".
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { install, pnpm, root } from "./pnpm.mjs";

install();
const packages = workspacePackages();
for (const { reports, logs } of packages) {
  for (const path of [reports, ...logs]) rmSync(path, { recursive: true, force: true });
}

const statuses = [
  pnpm("exec", "turbo", "run", "build", "setup", "checks", "--continue"),
  // Three packages at once, even on two cores, because tests mostly wait.
  pnpm("exec", "turbo", "run", "test", "--continue", "--concurrency=3", "--log-order=grouped"),
];

let passed = 0;
let failed = 0;
const failures = [];
for (const { name, reports, tested } of packages) {
  const results = readReports(reports);
  if (tested && results.length === 0) {
    console.error(`${name}: its tests left no report`);
    failed++;
  }
  for (const result of results) {
    passed += result.passed;
    failed += result.failed;
    failures.push(...(result.failures ?? []).map((failure) => `✗ ${name}: ${failure}`));
  }
}
// A command that failed without a failed test, e.g. a build.
if (failed === 0 && statuses.some((status) => status !== 0)) failed = 1;
// Repeated here, because they are easily missed in the middle of the output.
for (const line of new Set(packages.flatMap(({ logs }) => logs.flatMap(leftOut)))) console.log(`\n${line}`);
if (failures.length > 0) console.log(`\n${failures.join("\n")}`);
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

/** Every package that may have tests, the workspace's own checks among them. */
function workspacePackages() {
  const folders = [".", "examples", ...readdirSync(join(root, "packages")).map((name) => `packages/${name}`)];
  return folders.map((name) => ({
    name,
    reports: join(root, name, ".report"),
    logs: ["test", "checks"].map((task) => join(root, name, `.turbo/turbo-${task}.log`)),
    tested: name === "." || hasTests(join(root, name, "package.json")),
  }));
}

function hasTests(manifest) {
  return JSON.parse(readFileSync(manifest, "utf8")).scripts?.test !== undefined;
}

/** The lines of a log that say what this machine lacks. */
function leftOut(log) {
  if (!existsSync(log)) return [];
  return readFileSync(log, "utf8").match(/^\*\*\* .* \*\*\*$/gm) ?? [];
}

/**
 * Reports are JSON: vitest's own, or `{ "passed": N, "failed": N, "failures": [NAME, ...] }`, the names if they are known.
 * A test file that could not even be loaded counts as one failure.
 */
function readReports(folder) {
  let files;
  try {
    files = readdirSync(folder);
  } catch (error) {
    if (error.code === "ENOENT") return [];
    throw error;
  }
  return files.map((file) => {
    const report = JSON.parse(readFileSync(join(folder, file), "utf8"));
    if (report.testResults === undefined) return report;
    const broken = report.testResults.filter(
      (suite) =>
        suite.status === "failed" && !suite.assertionResults.some((test) => test.status === "failed"),
    );
    return {
      passed: report.numPassedTests,
      failed: report.numFailedTests + broken.length,
      failures: [
        ...broken.map((suite) => suite.name),
        ...report.testResults
          .flatMap((suite) => suite.assertionResults)
          .filter((test) => test.status === "failed")
          .map((test) => test.fullName),
      ],
    };
  });
}
