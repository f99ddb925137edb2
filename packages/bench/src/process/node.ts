import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { own } from "./processes.js";

const packageFile = fileURLToPath(import.meta.resolve("falco-outputs/package.json"));
/** The command's file. */
export const command = join(dirname(packageFile), "bin/falco-outputs.js");

/** Starts Node, without standard streams. */
export function startNode(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, args, { stdio: "ignore" });
  own(child);
  return child;
}

/** How long Node takes from spawn to its end, in milliseconds. @throws Error for another exit status than 0. */
export async function msToEnd(...args: string[]): Promise<number> {
  const startMs = performance.now();
  const [status] = await once(startNode(...args), "exit");
  if (status !== 0) throw new Error(`node ${args.join(" ")} ended with exit status ${status}`);
  return performance.now() - startMs;
}
