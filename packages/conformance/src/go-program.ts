import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

/** A testee in Go, which is built before it runs. */
export interface GoProgram {
  /** Where its module is. */
  folder: string;
  /** Which package of the module. */
  package: string;
  /** Another go.mod than the module's own. */
  modfile?: string;
}

const run = promisify(execFile);

/** Whether there is a Go toolchain. */
export async function hasGo(): Promise<boolean> {
  try {
    await run("go", ["version"]);
    return true;
  } catch {
    return false;
  }
}

/** Builds it into a folder; returns the program. @throws Error with what the compiler said. */
export async function buildGo(
  name: string,
  { folder, package: path, modfile }: GoProgram,
  into: string,
): Promise<string> {
  const program = join(into, name);
  const flags = ["-buildvcs=false", ...(modfile === undefined ? [] : [`-modfile=${modfile}`])];
  await run("go", ["build", ...flags, "-o", program, path], { cwd: folder });
  return program;
}
