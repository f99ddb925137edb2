// npm test of this package: rustfmt, clippy, rustdoc and cargo test; what they found goes to .report/rust.json.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { countTests } from "./count-tests.mjs";

const here = fileURLToPath(new URL("..", import.meta.url));
/** The examples are crates of their own, formatted and linted all the same. */
const examples = ["subscriber", "subscriber-tls", "acknowledge"].map(
  (name) => `../../examples/rust/${name}/src/main.rs`,
);

if (cargo("--version").error !== undefined) {
  console.error(
    "\n*** There is no cargo on the PATH (https://rustup.rs): the Rust client is NOT tested ***\n",
  );
  finish(0, process.env.CI === "true" ? 1 : 0);
}

let passed = 0;
let failed = 0;
check("rustfmt", cargo("fmt", "--check"));
check(
  "rustfmt: examples",
  run("rustfmt", "--check", "--edition", "2024", "--config-path", "rustfmt.toml", ...examples),
);
const strict = ["--", "-D", "warnings"];
check("clippy", cargo("clippy", "--locked", "--workspace", "--all-targets", ...strict));
check("clippy, without tls", cargo("clippy", "--locked", "--no-default-features", "--lib", ...strict));
check("rustdoc", cargo("doc", "--locked", "--no-deps", "--all-features"));

const tests = cargo("test", "--locked", "--no-fail-fast");
const counted = countTests(tests.stdout);
console.log(
  `${counted.failed === 0 ? "✓" : "✗"} cargo test: ${counted.passed} passed, ${counted.failed} failed`,
);
if (tests.status !== 0) console.log(`${tests.stdout}${tests.stderr}`);
// Something else than a test, e.g. one that does not compile.
const untold = tests.status !== 0 && counted.failed === 0 ? 1 : 0;
finish(passed + counted.passed, failed + counted.failed + untold);

function check(name, { status, error, stdout, stderr }) {
  const ok = status === 0;
  console.log(`${ok ? "✓" : "✗"} ${name}`);
  if (ok) passed++;
  else failed++;
  if (!ok) console.log(error?.message ?? `${stdout}${stderr}`);
}

function cargo(...args) {
  return run("cargo", ...args);
}

function run(command, ...args) {
  return spawnSync(command, args, {
    cwd: here,
    encoding: "utf8",
    maxBuffer: 1024 ** 3,
    env: { ...process.env, RUSTDOCFLAGS: "-D warnings" },
  });
}

function finish(passed, failed) {
  mkdirSync(`${here}.report`, { recursive: true });
  writeFileSync(`${here}.report/rust.json`, JSON.stringify({ passed, failed }));
  process.exit(failed === 0 ? 0 : 1);
}
