// Kills a server with a log on a disk again and again: node scripts/crash.mjs [--minutes N] [--seed N]. The test, which
// says what must hold, is in packages/end-to-end/src/crash.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "./pnpm.mjs";

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "5" }, seed: { type: "string" } },
});
const seed = values.seed ?? String(Math.floor(Math.random() * 2 ** 32));
for (const [name, text] of Object.entries({ ...values, seed })) {
  if (!/^\d{1,10}$/.test(text))
    throw new Error(`--${name}: ${JSON.stringify(text)}, expected a whole number`);
}
console.log(`seed ${seed}`);
const build = ["turbo", "run", "build", "--filter=@falco-outputs/end-to-end^..."];
run([join(root, "scripts", "workspace.mjs"), ...build], root);
const folder = join(root, "packages", "end-to-end");
const vitest = [join(folder, "node_modules", "vitest", "vitest.mjs"), "run", "src/crash"];
run(vitest, folder, { CRASH_MINUTES: values.minutes, CRASH_SEED: seed });

/** Runs a program of Node's; ends this one when it fails. */
function run(program, cwd, variables = {}) {
  const env = { ...process.env, ...variables };
  const { status } = spawnSync(process.execPath, program, { cwd, env, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
