import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { ClientUnderTest } from "./clients.js";
import type { CallLine, CallResult, TesteeLine } from "./protocol.js";

/** How long a call may take before its testee is taken for hung. */
const limitMs = 20_000;

/** A testee's process. It lives for as many calls as it can; after a failure the next call gets a new one. */
export class TesteeProcess {
  readonly #client: ClientUnderTest;
  #running: Running | undefined;

  constructor(client: ClientUnderTest) {
    this.#client = client;
  }

  /**
   * @param onProgress Is told how many requests a stream has sent.
   * @throws Error that says what the testee wrote, when it hangs, ends or breaks the protocol.
   */
  async call(line: CallLine, onProgress: (requests: number) => void): Promise<CallResult> {
    this.#running ??= new Running(this.#client.command);
    try {
      return await this.#running.call(line, onProgress);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.stop();
  }
}

class Running {
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #exited: Promise<string>;
  #onLine: (line: string) => void = (line) => {
    this.#unasked += `${line}\n`;
  };
  #unasked = "";
  #stderr = "";

  constructor([program, ...args]: ClientUnderTest["command"]) {
    this.#process = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
    this.#exited = new Promise((resolve) => {
      this.#process.once("error", (error) => resolve(error.message));
      this.#process.once("close", (code, signal) => resolve(`it ended with ${signal ?? `status ${code}`}`));
    });
    this.#process.stdin.on("error", () => undefined); // the end of the process tells it
    this.#process.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
    });
    createInterface({ input: this.#process.stdout }).on("line", (line) => this.#onLine(line));
  }

  async call(line: CallLine, onProgress: (requests: number) => void): Promise<CallResult> {
    let wrote = this.#unasked;
    let timer: NodeJS.Timeout | undefined;
    const fail = (why: string) =>
      new Error(`${why}; stdout: ${wrote || "-"}; stderr: ${this.#stderr || "-"}`);
    try {
      const result = await new Promise<CallResult>((resolve, reject) => {
        timer = setTimeout(() => reject(fail(`the testee gave no result within ${limitMs} ms`)), limitMs);
        void this.#exited.then((how) => reject(fail(`the testee is gone: ${how}`)));
        this.#onLine = (text) => {
          wrote += `${text}\n`;
          try {
            const said = JSON.parse(text) as TesteeLine;
            if ("progress" in said) onProgress(said.progress.requests);
            else if ("result" in said) resolve(said.result);
            else reject(fail("neither progress nor result"));
          } catch {
            reject(fail("the testee did not write JSON"));
          }
        };
        this.#process.stdin.write(`${JSON.stringify(line)}\n`);
      });
      // Warnings of a runtime are nothing that a client's user should see.
      if (this.#stderr !== "") throw fail("the testee wrote to stderr");
      return result;
    } finally {
      clearTimeout(timer);
    }
  }

  async stop(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#exited;
  }
}
