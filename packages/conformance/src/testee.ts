import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { CallLine, CallProgress, CallResult, RunnerLine, TesteeLine } from "./protocol.js";
import type { ReadyClient } from "./ready.js";

/** How long a call may take before its testee is taken for hung. */
const limitMs = 20_000;

/** Is told how a call gets on. */
export interface CallWatch {
  progress(progress: CallProgress): void;
}

/** A testee's process. It lives for as many calls as it can; after a failure the next call gets a new one. */
export class TesteeProcess {
  readonly #client: ReadyClient;
  #running: Running | undefined;

  constructor(client: ReadyClient) {
    this.#client = client;
  }

  /**
   * Makes a call, beside those that run. Its result is an error that says what the testee wrote, when it hangs, ends
   * or breaks the protocol.
   */
  call(line: CallLine, watch: CallWatch): { result: Promise<CallResult>; cancel: () => void } {
    this.#running ??= new Running(this.#client.command);
    const running = this.#running;
    const result = running.call(line, watch).catch(async (error) => {
      if (this.#running === running) await this.stop();
      throw error;
    });
    return { result, cancel: () => running.send({ id: line.id, cancel: true }) };
  }

  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.stop();
  }
}

interface Pending {
  watch: CallWatch;
  resolve(result: CallResult): void;
  reject(error: Error): void;
}

class Running {
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #exited: Promise<string>;
  readonly #calls = new Map<number, Pending>();
  /** Since no call ran. */
  #stdout = "";
  #stderr = "";

  constructor([program, ...args]: ReadyClient["command"]) {
    this.#process = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
    this.#exited = new Promise((resolve) => {
      this.#process.once("error", (error) => resolve(error.message));
      this.#process.once("close", (code, signal) => resolve(`it ended with ${signal ?? `status ${code}`}`));
    });
    void this.#exited.then((how) => this.#fail(`the testee is gone: ${how}`));
    this.#process.stdin.on("error", () => undefined); // the end of the process tells it
    this.#process.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
    });
    createInterface({ input: this.#process.stdout }).on("line", (line) => this.#onLine(line));
  }

  async call(line: CallLine, watch: CallWatch): Promise<CallResult> {
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<CallResult>((resolve, reject) => {
        timer = setTimeout(() => this.#fail(`the testee gave no result within ${limitMs} ms`), limitMs);
        this.#calls.set(line.id, { watch, resolve, reject });
        this.send(line);
      });
    } finally {
      clearTimeout(timer);
      this.#calls.delete(line.id);
      if (this.#calls.size === 0) this.#stdout = "";
    }
  }

  send(line: RunnerLine): void {
    this.#process.stdin.write(`${JSON.stringify(line)}\n`);
  }

  async stop(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#exited;
  }

  #onLine(text: string): void {
    this.#stdout += `${text}\n`;
    try {
      this.#understand(JSON.parse(text) as TesteeLine);
    } catch {
      this.#fail("the testee did not write JSON");
    }
  }

  #understand(said: TesteeLine): void {
    const call = this.#calls.get(said.id);
    if (call === undefined) this.#fail("the testee spoke of a call that does not run");
    else if ("progress" in said) call.watch.progress(said.progress);
    else if (!("result" in said)) this.#fail("neither progress nor result");
    // Warnings of a runtime are nothing that a client's user should see.
    else if (this.#stderr !== "") this.#fail("the testee wrote to stderr");
    else call.resolve(said.result);
  }

  /** Every call that runs fails: nobody knows which one it was. */
  #fail(why: string): void {
    const error = new Error(`${why}; stdout: ${this.#stdout || "-"}; stderr: ${this.#stderr || "-"}`);
    for (const { reject } of this.#calls.values()) reject(error);
  }
}
