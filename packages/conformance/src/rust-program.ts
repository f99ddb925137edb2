import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

/** A testee in Rust, which is built before it runs. */
export interface RustProgram {
  /** Where its workspace is. */
  folder: string;
  /** Which crate of the workspace; its program has the same name. */
  crate: string;
}

const run = promisify(execFile);

/** Whether there is a Rust toolchain. */
export async function hasCargo(): Promise<boolean> {
  try {
    await run("cargo", ["--version"]);
    return true;
  } catch {
    return false;
  }
}

/**
 * Builds it where the workspace's other programs are built, for most of it is what they have in common; gives the
 * program. @throws Error with what the compiler said.
 */
export async function buildCrate({ folder, crate }: RustProgram): Promise<string> {
  await run("cargo", ["build", "--quiet", "--locked", "-p", crate], { cwd: folder });
  return join(process.env.CARGO_TARGET_DIR ?? join(folder, "target"), "debug", crate);
}
