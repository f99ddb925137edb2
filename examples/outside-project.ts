import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));

/** A project outside the workspace that has our packages as npm would install them. */
export class OutsideProject {
  readonly folder = mkdtempSync(join(tmpdir(), "outside-"));

  /** @param packages Ours, by their folders. @param tools What npm has, with versions. */
  install(packages: readonly string[], tools: readonly string[]): void {
    for (const name of packages) {
      this.#npm("pack", join(here, "../packages", name), "--pack-destination", this.folder, "--silent");
    }
    const tarballs = readdirSync(this.folder).filter((file) => file.endsWith(".tgz"));
    if (tarballs.length !== packages.length) throw new Error(`packed ${tarballs}, expected ${packages}`);
    this.write("package.json", JSON.stringify({ private: true, type: "module" }));
    this.#npm(
      "install",
      "--no-audit",
      "--no-fund",
      "--silent",
      ...tarballs.map((file) => `./${file}`),
      ...tools,
    );
  }

  /** Copies an example here, as a user would. Gives its folder. */
  copy(example: string): string {
    const folder = join(this.folder, "examples", example);
    mkdirSync(folder, { recursive: true });
    cpSync(join(here, "typescript", example), folder, {
      recursive: true,
      filter: (source) => !source.includes("node_modules"),
    });
    return folder;
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.folder, file), text);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #npm(...args: string[]): void {
    execFileSync("npm", args, { cwd: this.folder, stdio: ["ignore", "ignore", "inherit"] });
  }
}

/** A program that runs in a folder, and what it prints. */
export class Program {
  readonly lines: string[] = [];
  readonly errors: string[] = [];
  /** The exit status; null after a signal. */
  readonly exited: Promise<number | null>;
  readonly #child;

  constructor(folder: string, program: string, ...args: string[]) {
    this.#child = spawn(program, args, { cwd: folder, stdio: "pipe" });
    createInterface({ input: this.#child.stdout }).on("line", (line) => this.lines.push(line));
    createInterface({ input: this.#child.stderr }).on("line", (line) => this.errors.push(line));
    this.exited = new Promise((resolve) => this.#child.once("close", resolve));
  }

  /** Writes to its standard input. */
  say(text: string): void {
    this.#child.stdin.write(text);
  }

  interrupt(): void {
    this.#child.kill("SIGINT");
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  /** It stays, with its connections, and does nothing any more. */
  freeze(): void {
    this.#child.kill("SIGSTOP");
  }
}
