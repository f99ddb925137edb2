import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Program } from "./outside-project.js";

const here = fileURLToPath(new URL(".", import.meta.url));
const crate = join(here, "../packages/rust");
// One for all examples, and for the next time: most of a build is what they depend on.
const target = join(process.env.CARGO_TARGET_DIR ?? join(crate, "target"), "examples");

const installed = spawnSync("cargo", ["--version"]).error === undefined;
if (!installed) {
  console.warn(
    "\n*** There is no cargo on the PATH (https://rustup.rs): the examples in Rust do NOT run ***\n",
  );
}

/** Whether the examples in Rust cannot run. In CI they run all the same, and fail. */
export const withoutCargo = !installed && process.env.CI !== "true";

/** Examples in Rust, each copied outside the workspace as a user would, and built with the client as it is packaged. */
export class OutsideCrates {
  readonly folder = mkdtempSync(join(tmpdir(), "outside-rust-"));
  readonly #client: string;

  constructor() {
    const { version } = JSON.parse(cargo(crate, "read-manifest")) as { version: string };
    cargo(crate, "package", "--locked", "--no-verify", "--allow-dirty", "--quiet", "--target-dir", target);
    const archive = join(target, `package/falco-outputs-${version}.crate`);
    execFileSync("tar", ["-xzf", archive, "-C", this.folder]);
    this.#client = join(this.folder, `falco-outputs-${version}`);
  }

  /** An example, built and started. */
  run(name: string, ...args: string[]): Program {
    return this.#start(this.#copy(name, name), `example-${name}`, ...args);
  }

  /** A program of one file, with the dependencies of an example. */
  runProgram(name: string, main: string): Program {
    const folder = this.#copy("subscriber", name);
    writeFileSync(join(folder, "src/main.rs"), main);
    return this.#start(folder, "example-subscriber");
  }

  #copy(example: string, name: string): string {
    const folder = join(this.folder, "examples", name);
    cpSync(join(here, "rust", example), folder, { recursive: true });
    const manifest = readFileSync(join(folder, "Cargo.toml"), "utf8");
    writeFileSync(
      join(folder, "Cargo.toml"),
      manifest.replace(/path = "[^"]*"/, `path = ${JSON.stringify(this.#client)}`),
    );
    // The versions that the client is tested with.
    copyFileSync(join(crate, "Cargo.lock"), join(folder, "Cargo.lock"));
    return folder;
  }

  #start(folder: string, program: string, ...args: string[]): Program {
    cargo(folder, "build", "--quiet", "--target-dir", target);
    const own = join(folder, program);
    // The next program of this name would replace it.
    copyFileSync(join(target, "debug", program), own);
    return new Program(folder, own, ...args);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function cargo(folder: string, ...args: string[]): string {
  return execFileSync("cargo", args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}
