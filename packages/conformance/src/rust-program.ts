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
 * Builds it together with the rest of the workspace, as its tests do: for this program alone, cargo would compile most
 * dependencies again. Returns the program. @throws Error with what the compiler said.
 */
export async function buildCrate({ folder, crate }: RustProgram): Promise<string> {
  await run("cargo", ["build", "--quiet", "--locked", "--workspace", "--all-targets", "--all-features"], {
    cwd: folder,
  });
  return join(process.env.CARGO_TARGET_DIR ?? join(folder, "target"), "debug", crate);
}
