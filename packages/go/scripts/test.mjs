// npm test of this package: gofmt, go vet, staticcheck and go test; what they found goes to .report/go.json.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { countTests } from "./count-tests.mjs";

const here = fileURLToPath(new URL("..", import.meta.url));
const inCi = process.env.CI === "true";
/** Every folder of the repository with Go in it. */
const goFolders = [".", "../conformance/testees", "../../examples/go"];

if (go("version").error !== undefined) {
  console.error("\n*** There is no go on the PATH (https://go.dev/dl): the Go client is NOT tested ***\n");
  finish(0, inCi ? 1 : 0);
}

let passed = 0;
let failed = 0;
check("gofmt", run("gofmt", "-l", ...goFolders), ({ stdout }) => stdout === "");
check("go vet", go("vet", "./..."));
check("go mod tidy", go("mod", "tidy", "-diff"));
const staticcheck = go("-C", "tools", "tool", "-n", "staticcheck");
check("staticcheck", staticcheck.status === 0 ? run(staticcheck.stdout.trim(), "./...") : staticcheck);

const tests = go("test", "-json", ...raceFlags(), "./...");
const counted = countTests(tests.stdout);
console.log(
  `${counted.failed === 0 ? "✓" : "✗"} go test: ${counted.passed} passed, ${counted.failed} failed`,
);
console.log(counted.output + tests.stderr);
// Something else than a test, e.g. a leak that was found behind them.
const untold = tests.status !== 0 && counted.failed === 0 ? 1 : 0;
finish(passed + counted.passed, failed + counted.failed + untold);

function check(name, result, isGood = () => true) {
  const ok = result.status === 0 && isGood(result);
  console.log(`${ok ? "✓" : "✗"} ${name}`);
  if (ok) passed++;
  else failed++;
  if (!ok) console.log(result.error?.message ?? `${result.stdout}${result.stderr}`);
}

/** The race detector needs a C compiler. */
function raceFlags() {
  const [enabled, compiler] = go("env", "CGO_ENABLED", "CC").stdout.trim().split("\n");
  const isThere = enabled === "1" && run(compiler, "--version").status === 0;
  if (isThere || inCi) return ["-race"];
  console.error(`\n*** There is no ${compiler}: the tests run WITHOUT the race detector ***\n`);
  return [];
}

function go(...args) {
  return run("go", ...args);
}

function run(command, ...args) {
  return spawnSync(command, args, { cwd: here, encoding: "utf8", maxBuffer: 1024 ** 3 });
}

function finish(passed, failed) {
  mkdirSync(`${here}.report`, { recursive: true });
  writeFileSync(`${here}.report/go.json`, JSON.stringify({ passed, failed }));
  process.exit(failed === 0 ? 0 : 1);
}
