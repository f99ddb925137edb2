// Makes Python's virtual environments for tests: node scripts/environment.mjs NAME prints the interpreter's path.
// Exit status 3: this machine has no Python for it.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));
const conformance = join(root, "../conformance");

const environments = {
  /** The package itself, and the tools that check it. */
  development: {
    folder: join(root, ".venv"),
    requirements: join(root, "requirements-dev.txt"),
    editable: root,
  },
  /** The archived client, with libraries of today: its own pins cannot be built any more. */
  "client-py": {
    folder: join(conformance, ".venv-client-py"),
    requirements: join(conformance, "src/testees/client-py/requirements.txt"),
  },
};

const supported = `
import sys
if sys.version_info < (3, 11): sys.exit(f"it is Python {sys.version.split()[0]}, which is older than 3.11")
import venv, ensurepip
print(sys.version)
`;

/**
 * Returns `python`, the interpreter of an environment that has what it needs, or `missing`, what this machine lacks.
 * `base` is the Python that it is made with, and `folder` where.
 */
export function environment(name, { base = process.env.PYTHON ?? "python3", ...other } = {}) {
  const { folder, requirements, editable } = { ...environments[name], ...other };
  const { status, stdout, stderr, error } = spawnSync(base, ["-c", supported], { encoding: "utf8" });
  if (error !== undefined || status !== 0) {
    const why = error?.message ?? stderr.trim().split("\n").at(-1);
    return { missing: `Python 3.11 or later with venv (apt-get install python3-venv); ${base}: ${why}` };
  }
  const python = join(folder, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  const stamp = join(folder, "made-from");
  const wanted = createHash("sha256")
    .update(stdout)
    .update(readFileSync(requirements))
    .update(folder)
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return { python };
  rmSync(folder, { recursive: true, force: true });
  run(base, "-m", "venv", folder);
  const install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
  // Every package is pinned, indirect dependencies included, so that none changes by itself.
  run(...install, "--no-deps", "-r", requirements);
  if (editable !== undefined) run(...install, "--no-deps", "--no-build-isolation", "-e", editable);
  writeFileSync(stamp, wanted);
  return { python };
}

function run(command, ...args) {
  // pip's output goes to stderr: stdout is for the caller.
  const { status, error } = spawnSync(command, args, { stdio: ["ignore", 2, 2] });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with status ${status}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { python, missing } = environment(process.argv[2]);
  console.log(python ?? missing);
  process.exitCode = python === undefined ? 3 : 0;
}
