// Builds a private package with what it needs, and runs its program: node scripts/run.mjs NAME [ARG ...]
import { spawnSync } from "node:child_process";
import { installAside, pnpmAside, root } from "./pnpm.mjs";

const [name, ...args] = process.argv.slice(2);
installAside();
pnpmAside("exec", "turbo", "run", "build", `--filter=@falco-outputs/${name}`, "--output-logs=errors-only");
const { status } = spawnSync(process.execPath, [`packages/${name}/dist/main.js`, ...args], {
  cwd: root,
  stdio: "inherit",
});
process.exit(status ?? 1);
