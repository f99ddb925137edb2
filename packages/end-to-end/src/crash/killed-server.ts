import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { ServerOptions } from "@falco-outputs/server";

const script = fileURLToPath(new URL("server.mjs", import.meta.url));

/** A server in a process of its own, which can be killed. */
export class KilledServer {
  /** What it warned of. */
  readonly warnings: string[] = [];
  readonly #child: ChildProcessWithoutNullStreams;
  #http = "";

  private constructor(options: ServerOptions) {
    this.#child = spawn(process.execPath, [script, JSON.stringify(options)]);
    this.#child.stderr.on("data", (text) => this.warnings.push(String(text)));
    // It may be gone.
    this.#child.stdin.on("error", () => undefined);
  }

  /** @throws Error if it does not start. */
  static async start(options: ServerOptions): Promise<KilledServer> {
    const server = new KilledServer(options);
    const ready = new Promise<void>((resolve, reject) => {
      createInterface(server.#child.stdout).on("line", (line) => {
        const said = JSON.parse(line);
        if (said.ready !== true) return void server.warnings.push(line);
        server.#http = said.http;
        resolve();
      });
      server.#child.on("exit", () => reject(new Error(`the server ended: ${server.warnings.join("\n")}`)));
    });
    await ready;
    return server;
  }

  /** Where alerts are posted. */
  get http(): string {
    return this.#http;
  }

  /** Writes a line to its standard input, or to nobody. */
  writeLine(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async kill(): Promise<void> {
    if (!this.isAlive) return;
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exited;
  }
}
