// The tests of clients, server and command on the oldest and the newest supported version of each language:
// node scripts/matrix.mjs [typescript] [python] [go] [rust]. Exit status 1: a test failed, or, in CI, a version is missing.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { countTests as countGo } from "../packages/go/scripts/count-tests.mjs";
import { countTests as countPython } from "../packages/python/scripts/count-tests.mjs";
import { environment } from "../packages/python/scripts/environment.mjs";
import { countTests as countRust } from "../packages/rust/scripts/count-tests.mjs";
import { install, pnpmOrExit, root } from "./pnpm.mjs";

/** What is downloaded and built for this, kept for the next time. */
const kept = join(root, ".matrix");

/** A version that this machine does not have, and cannot get. */
class Missing extends Error {}

/** By language: the versions, each with a function that runs the tests on it. */
const languages = {
  typescript: () => ["20.19.0", "22", "24"].map((version) => [version, () => testTypeScript(version)]),
  python: () => {
    const found = pythons().filter(({ version }) => compare(version, oldestOf("python")) >= 0);
    const isOldest = ({ version }) => version.startsWith(`${oldestOf("python")}.`);
    return [
      [oldestOf("python"), () => testPython(found.findLast(isOldest))],
      ["newest", () => testPython(found.at(-1))],
    ];
  },
  go: () => [
    [oldestOf("go"), () => testGo(`go${oldestOf("go")}`)],
    ["newest", () => testGo(newestGo())],
  ],
  rust: () => [
    [oldestOf("rust"), () => testRust(rustToolchain(oldestOf("rust")))],
    ["newest", () => testRust(rustToolchain())],
  ],
};

const chosen = process.argv.slice(2);
const unknown = chosen.find((name) => languages[name] === undefined);
if (unknown !== undefined)
  throw new Error(`${unknown}: expected one of ${Object.keys(languages).join(", ")}`);
install();
pnpmOrExit("exec", "turbo", "run", "build", "--output-logs=errors-only");
mkdirSync(kept, { recursive: true });

const rows = [];
for (const language of chosen.length > 0 ? chosen : Object.keys(languages)) {
  for (const [wanted, test] of languages[language]()) rows.push(rowOf(`${language} ${wanted}`, test));
}
console.log(`\n${rows.map(({ text }) => text).join("\n")}`);
process.exitCode = rows.some(({ isGood }) => !isGood) ? 1 : 0;

/** Runs the tests on one version. */
function rowOf(name, test) {
  console.log(`${name} ...`);
  try {
    const { version, passed, failed, output } = test();
    if (failed > 0) console.log(output);
    const isGood = failed === 0 && passed > 0;
    return { isGood, text: `${isGood ? "✓" : "✗"} ${name} (${version}): ${passed} passed, ${failed} failed` };
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    return { isGood: process.env.CI !== "true", text: `– ${name}: not to be had here: ${error.message}` };
  }
}

/** On a Node from npm. */
function testTypeScript(wanted) {
  const platform = process.platform === "win32" ? "win" : process.platform;
  const name = `node-${platform}-${process.arch}`;
  const folder = join(kept, `node-${wanted}`);
  getOrMiss("npm", [
    "install",
    "--no-save",
    "--no-audit",
    "--no-fund",
    "--prefix",
    folder,
    `${name}@${wanted}`,
  ]);
  const node = join(folder, "node_modules", name, platform === "win" ? "bin/node.exe" : "bin/node");
  const env = { ...process.env, NO_COLOR: "1", PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
  const all = { version: getOrMiss(node, ["--version"]).trim(), passed: 0, failed: 0, output: "" };
  for (const name of ["core", "node", "server", "cli"]) {
    const cwd = join(root, "packages", name);
    // Where its vitest.config.ts says.
    const report = join(cwd, ".report/vitest.json");
    rmSync(report, { force: true });
    const tests = run(node, ["node_modules/vitest/vitest.mjs", "run"], { cwd, env });
    const counts = existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : {};
    add(all, { passed: counts.numPassedTests ?? 0, failed: counts.numFailedTests ?? 0 }, tests);
  }
  return all;
}

function testPython(found) {
  if (found === undefined) throw new Missing("it is neither on the PATH nor one of pyenv's");
  const { python, missing } = environment("development", {
    base: found.path,
    folder: join(kept, `python-${found.version}`),
  });
  if (missing !== undefined) throw new Missing(missing);
  const file = join(kept, "pytest.xml");
  rmSync(file, { force: true });
  const tests = run(python, ["-m", "pytest", "-q", `--junit-xml=${file}`], {
    cwd: join(root, "packages/python"),
  });
  const counts = countPython(existsSync(file) ? readFileSync(file, "utf8") : "");
  return add({ version: found.version, passed: 0, failed: 0, output: "" }, counts, tests);
}

/** Every Python of this machine, the oldest first. */
function pythons() {
  const pyenv = join(process.env.PYENV_ROOT ?? join(homedir(), ".pyenv"), "versions");
  const folders = [
    ...process.env.PATH.split(delimiter),
    ...filesOf(pyenv).map((name) => join(pyenv, name, "bin")),
  ];
  const paths = folders.flatMap((folder) =>
    filesOf(folder)
      .filter((name) => /^python3(\.\d+)?$/.test(name))
      .map((name) => join(folder, name)),
  );
  return paths
    .map((path) => ({ path, version: /^Python (\S+)$/m.exec(run(path, ["--version"]).stdout ?? "")?.[1] }))
    .filter(({ version }) => version !== undefined)
    .sort((one, other) => compare(one.version, other.version));
}

/** Go gets its toolchains by itself. */
function testGo(toolchain) {
  const cwd = join(root, "packages/go");
  const env = { ...process.env, GOTOOLCHAIN: toolchain };
  const version = getOrMiss("go", ["env", "GOVERSION"], { cwd, env }).trim();
  const tests = run("go", ["test", "-count=1", "-json", "./..."], { cwd, env });
  const counts = countGo(tests.stdout ?? "");
  return add({ version, passed: 0, failed: 0, output: counts.output }, counts, { ...tests, stdout: "" });
}

function newestGo() {
  const cwd = join(root, "packages/go");
  return getOrMiss("go", ["list", "-m", "go@latest"], { cwd }).trim().replace(" ", "");
}

function testRust(toolchain) {
  const version = getOrMiss("rustc", [`+${toolchain}`, "--version"]).split(" ")[1];
  const env = { ...process.env, CARGO_TARGET_DIR: join(kept, `rust-${version}`) };
  const args = [`+${toolchain}`, "test", "--locked", "--no-fail-fast"];
  const tests = run("cargo", args, { cwd: join(root, "packages/rust"), env });
  return add({ version, passed: 0, failed: 0, output: "" }, countRust(tests.stdout ?? ""), tests);
}

/** The toolchain of rustup's of this version, which is installed if need be; by default the newest that is there. */
function rustToolchain(wanted) {
  const names = getOrMiss("rustup", ["toolchain", "list"])
    .split("\n")
    .map((line) => line.split(" ")[0])
    .filter((name) => /^(stable|\d)/.test(name));
  const toolchains = names
    .map((name) => ({ name, version: getOrMiss("rustc", [`+${name}`, "--version"]).split(" ")[1] }))
    .sort((one, other) => compare(one.version, other.version));
  const found = toolchains.findLast(
    ({ version }) => wanted === undefined || version.startsWith(`${wanted}.`),
  );
  if (found !== undefined) return found.name;
  const name = wanted ?? "stable";
  getOrMiss("rustup", ["toolchain", "install", name, "--profile", "minimal", "--no-self-update"]);
  return name;
}

/** The oldest version that a client's manifest allows. */
function oldestOf(language) {
  const [file, pattern] = {
    python: ["packages/python/pyproject.toml", /^requires-python = ">=([\d.]+)"/m],
    go: ["packages/go/go.mod", /^go ([\d.]+)$/m],
    rust: ["packages/rust/Cargo.toml", /^rust-version = "([\d.]+)"/m],
  }[language];
  return pattern.exec(readFileSync(join(root, file), "utf8"))[1];
}

/** Adds what one program's tests counted, and what it printed; a program that failed without a failed test counts as one. */
function add(all, { passed, failed }, { status, stdout, stderr, error }) {
  all.passed += passed;
  all.failed += status !== 0 && failed === 0 ? 1 : failed;
  all.output += error?.message ?? `${stdout}${stderr}`;
  return all;
}

/** What a program prints; if it fails, this version is not to be had. */
function getOrMiss(program, args, options) {
  const { status, stdout, stderr, error } = run(program, args, options);
  if (error !== undefined) throw new Missing(error.message);
  if (status !== 0) throw new Missing(stderr.trim().split("\n").at(-1));
  return stdout;
}

function run(program, args, options) {
  return spawnSync(program, args, { cwd: root, encoding: "utf8", maxBuffer: 1024 ** 3, ...options });
}

function filesOf(folder) {
  return existsSync(folder) ? readdirSync(folder) : [];
}

function compare(version, other) {
  return version.localeCompare(other, "en", { numeric: true });
}
