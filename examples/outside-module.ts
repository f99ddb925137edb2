import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { lacks } from "@falco-outputs/testing";
import { Program } from "./outside-project.js";

const here = fileURLToPath(new URL(".", import.meta.url));
const client = "github.com/falco-outputs/falco-outputs/packages/go";

const installed = spawnSync("go", ["version"]).error === undefined;
/** Whether the examples in Go are left out here. */
export const withoutGo = lacks("go on the PATH", installed, "https://go.dev/dl");

/** Examples in Go, each copied outside the workspace as a user would, and built with the client as it stands here. */
export class OutsideModules {
  readonly folder = mkdtempSync(join(tmpdir(), "outside-go-"));
  readonly #built = new Set<string>();

  /** An example, built the first time, and started. */
  run(name: string, ...args: string[]): Program {
    const folder = join(this.folder, name);
    if (!this.#built.has(name)) {
      cpSync(join(here, "go", name), folder, { recursive: true });
      this.#build(folder);
      this.#built.add(name);
    }
    return new Program(folder, join(folder, "example"), ...args);
  }

  #build(folder: string): void {
    // In place of the published module.
    this.#go(folder, "mod", "edit", "-replace", `${client}=${join(here, "../packages/go")}`);
    this.#go(folder, "vet", ".");
    this.#go(folder, "build", "-buildvcs=false", "-o", "example", ".");
  }

  /** A program of one file, with the dependencies of an example. */
  runProgram(name: string, main: string): Program {
    const folder = join(this.folder, name);
    cpSync(join(here, "go/subscriber"), folder, { recursive: true });
    writeFileSync(join(folder, "main.go"), main);
    this.#build(folder);
    return new Program(folder, join(folder, "example"));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #go(folder: string, ...args: string[]): void {
    execFileSync("go", args, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  }
}
