// Compiles what the tests here, the examples and packages/conformance run. All at once, because cargo chooses a
// dependency's features by what is built together, and separate builds would compile most dependencies twice.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL("..", import.meta.url));
const args = ["build", "--quiet", "--locked", "--workspace", "--all-targets", "--all-features"];
const { status, error } = spawnSync("cargo", args, { cwd: here, stdio: "inherit" });
// Without cargo there is nothing to do. The tests that need it report that.
if (error === undefined) process.exitCode = status ?? 1;
else if (error.code !== "ENOENT") throw error;
