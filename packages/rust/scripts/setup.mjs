// Compiles what the tests here, the examples and packages/conformance run. All at once, for what a crate is compiled with
// depends on what is compiled beside it: one after the other, they would compile most of it anew.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL("..", import.meta.url));
const args = ["build", "--quiet", "--locked", "--workspace", "--all-targets"];
const { status, error } = spawnSync("cargo", args, { cwd: here, stdio: "inherit" });
// Whoever needs cargo says that there is none.
if (error === undefined) process.exitCode = status ?? 1;
else if (error.code !== "ENOENT") throw error;
