import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { lacks } from "@falco-outputs/testing";
import { Program } from "./outside-project.js";

const here = fileURLToPath(new URL(".", import.meta.url));
const crate = join(here, "../packages/rust");
// The crate's own: what the examples depend on is mostly compiled there.
const target = process.env.CARGO_TARGET_DIR ?? join(crate, "target");
/** The crate's profile, without which nothing compiled there would fit. */
const profile = 'profile.dev.debug="line-tables-only"';

const installed = spawnSync("cargo", ["--version"]).error === undefined;
/** Whether the examples in Rust are left out here. */
export const withoutCargo = lacks("cargo on the PATH", installed, "https://rustup.rs");

/** Examples in Rust, each copied outside the workspace as a user would, and built with the client as it is packaged. */
export class OutsideCrates {
  readonly folder = mkdtempSync(join(tmpdir(), "outside-rust-"));
  readonly #client: string;
  readonly #built = new Set<string>();

  constructor() {
    const { version } = JSON.parse(cargo(crate, "read-manifest")) as { version: string };
    cargo(crate, "package", "--locked", "--no-verify", "--allow-dirty", "--quiet", "--target-dir", target);
    const archive = join(target, `package/falco-outputs-${version}.crate`);
    execFileSync("tar", ["-xzf", archive, "-C", this.folder]);
    this.#client = join(this.folder, `falco-outputs-${version}`);
  }

  /** An example, built the first time, and started. */
  run(name: string, ...args: string[]): Program {
    const folder = join(this.folder, "examples", name);
    if (!this.#built.has(name)) {
      this.#copy(name, folder);
      this.#build(folder, `example-${name}`);
      this.#built.add(name);
    }
    return new Program(folder, join(folder, `example-${name}`), ...args);
  }

  /** A program of one file, with the dependencies of an example. */
  runProgram(name: string, main: string): Program {
    const folder = join(this.folder, "examples", name);
    this.#copy("subscriber", folder);
    writeFileSync(join(folder, "src/main.rs"), main);
    this.#build(folder, "example-subscriber");
    return new Program(folder, join(folder, "example-subscriber"));
  }

  #copy(example: string, folder: string): void {
    cpSync(join(here, "rust", example), folder, { recursive: true });
    const manifest = readFileSync(join(folder, "Cargo.toml"), "utf8");
    writeFileSync(
      join(folder, "Cargo.toml"),
      manifest.replace(/path = "[^"]*"/, `path = ${JSON.stringify(this.#client)}`),
    );
    // The versions that the client is tested with.
    copyFileSync(join(crate, "Cargo.lock"), join(folder, "Cargo.lock"));
  }

  #build(folder: string, program: string): void {
    cargo(folder, "build", "--quiet", "--target-dir", target, "--config", profile);
    // The next program of this name would replace it.
    copyFileSync(join(target, "debug", program), join(folder, program));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function cargo(folder: string, ...args: string[]): string {
  return execFileSync("cargo", args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}
