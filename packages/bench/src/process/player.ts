import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { kill, own } from "./processes.js";
import type { Answer, Order, Usage } from "./role.js";

/** Longer than any command takes. */
const timeoutMs = 120_000;

/** Every member is a command. */
export type Commands<Role> = { [Name in keyof Role]: (...given: never[]) => unknown };

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

export interface PlayerOptions {
  /** Options for Node itself. */
  readonly node?: readonly string[];
  /** File descriptors for its standard input and output. */
  readonly stdin?: number;
  readonly stdout?: number;
}

/** A process of its own with a role, as the runner sees it. */
export class Player<Role extends Commands<Role>> {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  /** @param module The role's module, relative to the folder of all modules, e.g. "peers/grpc-js/server.js". */
  constructor(module: string, { node = [], stdin, stdout }: PlayerOptions = {}) {
    this.name = module;
    this.#child = fork(fileURLToPath(new URL(`../${module}`, import.meta.url)), {
      execArgv: [...node],
      serialization: "advanced",
      // What a process prints is not a result.
      stdio: [stdin ?? "ignore", stdout ?? 2, 2, "ipc"],
    });
    own(this.#child);
    this.#child.on("message", (answer: Answer) => {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if ("error" in answer) waiting?.reject(new Error(`${this.name}: ${answer.error}`));
      else waiting?.resolve(answer.result);
    });
    this.#child.once("exit", (code, signal) => {
      for (const { reject } of this.#waiting.values())
        reject(new Error(`${this.name} ended with ${signal ?? `exit status ${code}`}`));
      this.#waiting.clear();
    });
  }

  /** @throws Error with what the command threw; also when the process ends, or takes longer than 2 minutes. */
  do<Name extends keyof Role & string>(
    command: Name,
    ...given: Parameters<Role[Name]>
  ): Promise<Awaited<ReturnType<Role[Name]>>> {
    return this.#send(command, given) as Promise<Awaited<ReturnType<Role[Name]>>>;
  }

  usage(): Promise<Usage> {
    return this.#send("usage", []) as Promise<Usage>;
  }

  /** Ends it with SIGKILL; resolves when it is gone. */
  kill(): Promise<void> {
    return kill(this.#child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  #send(command: string, given: readonly unknown[]): Promise<unknown> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new Error(`${this.name}: ${command} took longer than ${timeoutMs / 1000} s`));
      }, timeoutMs);
      const settled = <T>(settle: (value: T) => void) => {
        return (value: T) => {
          clearTimeout(timer);
          settle(value);
        };
      };
      this.#waiting.set(id, { resolve: settled(resolve), reject: settled(reject) });
      const order: Order = { id, command, arguments: given };
      this.#child.send(order, (error) => {
        if (error) this.#waiting.get(id)?.reject(new Error(`${this.name}: ${error.message}`));
      });
    });
  }
}
