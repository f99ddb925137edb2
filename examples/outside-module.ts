import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Program } from "./outside-project.js";

const here = fileURLToPath(new URL(".", import.meta.url));
const client = "github.com/falco-outputs/falco-outputs/packages/go";

const installed = spawnSync("go", ["version"]).error === undefined;
if (!installed) {
  console.warn("\n*** There is no go on the PATH (https://go.dev/dl): the examples in Go do NOT run ***\n");
}

/** Whether the examples in Go cannot run. In CI they run all the same, and fail. */
export const withoutGo = !installed && process.env.CI !== "true";

/** Examples in Go, each copied outside the workspace as a user would, and built with the client as it stands here. */
export class OutsideModules {
  readonly folder = mkdtempSync(join(tmpdir(), "outside-go-"));

  /** An example, built and started. */
  run(name: string, ...args: string[]): Program {
    const folder = join(this.folder, name);
    cpSync(join(here, "go", name), folder, { recursive: true });
    return this.#start(folder, ...args);
  }

  #start(folder: string, ...args: string[]): Program {
    // In place of the published module.
    this.#go(folder, "mod", "edit", "-replace", `${client}=${join(here, "../packages/go")}`);
    this.#go(folder, "vet", ".");
    this.#go(folder, "build", "-buildvcs=false", "-o", "example", ".");
    return new Program(folder, join(folder, "example"), ...args);
  }

  /** A program of one file, with the dependencies of an example. */
  runProgram(name: string, main: string): Program {
    const folder = join(this.folder, name);
    cpSync(join(here, "go/subscriber"), folder, { recursive: true });
    writeFileSync(join(folder, "main.go"), main);
    return this.#start(folder);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #go(folder: string, ...args: string[]): void {
    execFileSync("go", args, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  }
}
