// Installs the workspace and runs one of its commands: node scripts/workspace.mjs COMMAND [ARG ...]
import { install, pnpmOrExit } from "./pnpm.mjs";

install();
pnpmOrExit("exec", ...process.argv.slice(2));
