import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

const program = `
import { startServer } from "@falco-outputs/server";
const options = JSON.parse(process.argv[1]);
const server = await startServer(options);
process.on("message", (alert) => server.publish(alert)).on("disconnect", () => process.exit());
process.send({ address: options.listen.length > 0 ? server.address : "", webUrl: server.webUrl });
`;

/** A server in a process of its own, which can be frozen: its connections stay open, and nothing answers. */
export class ServerProcess {
  /** Where it serves gRPC; empty if it does not. */
  readonly address: string;
  /** Where it serves browsers, if it does. */
  readonly webUrl: string;
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess, { address, webUrl }: { address: string; webUrl: string }) {
    this.#process = child;
    this.address = address;
    this.webUrl = webUrl;
  }

  /**
   * @param folder A package that depends on `@falco-outputs/server`.
   * @param options What `startServer` takes, as far as JSON can say it; `listen` among it.
   */
  static async start(
    folder: string,
    options: { readonly listen: readonly unknown[]; readonly [name: string]: unknown },
  ): Promise<ServerProcess> {
    const child = spawn(
      process.execPath,
      ["--input-type=module", "--eval", program, JSON.stringify(options)],
      {
        cwd: folder,
        stdio: ["ignore", "inherit", "inherit", "ipc"],
      },
    );
    const started = once(child, "message");
    const exited = once(child, "exit").then(() => {
      throw new Error("the server ended before it listened");
    });
    const [places] = await Promise.race([started, exited]);
    exited.catch(() => undefined);
    return new ServerProcess(child, places);
  }

  /** Publishes an alert of this rule; a frozen server does it when it goes on. */
  publish(rule: string): void {
    this.#process.send({ rule, priority: "Notice" });
  }

  freeze(): void {
    this.#process.kill("SIGSTOP");
  }

  thaw(): void {
    this.#process.kill("SIGCONT");
  }

  /** Ends it at once, also while it is frozen. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await exited;
  }
}
