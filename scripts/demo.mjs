// npm run demo: installs and builds what the demo needs, showing how it goes, and runs it.
import { install, pnpmOrExit } from "./pnpm.mjs";

console.log("Installing ...");
install();
console.log("\nBuilding ...");
pnpmOrExit("exec", "turbo", "run", "build", "--filter=examples^...", "--filter=falco-outputs");
pnpmOrExit("--filter", "examples", "exec", "node", "demo.mjs");
