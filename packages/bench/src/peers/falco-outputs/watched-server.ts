import { pathToFileURL } from "node:url";
import { type FalcoOutputsServer, type ServerOptions, startServer } from "@falco-outputs/server";
import { playRole } from "../../process/role.js";
import type { InputRole } from "../roles.js";

/** The command's own part, which it does not export. */
interface OperationsModule {
  Operations: {
    start(
      options: object,
      logger: object,
    ): Promise<{ readonly serverOptions: ServerOptions; watch(server: FalcoOutputsServer): void }>;
  };
}

const lookMs = 1;

/** The server as the command starts it, with an operations listener or without. */
class WatchedServer implements InputRole {
  #server!: FalcoOutputsServer;

  async start(isWatched: boolean): Promise<void> {
    if (!isWatched) {
      this.#server = await startServer({ listen: [] });
      return;
    }
    const module = new URL(
      "dist/operations/operations.js",
      import.meta.resolve("falco-outputs/package.json"),
    );
    const { Operations }: OperationsModule = await import(pathToFileURL(module.pathname).href);
    const watch = { operations: { listener: { address: "127.0.0.1:0" } } };
    const operations = await Operations.start(watch, console);
    this.#server = await startServer({ listen: [], ...operations.serverOptions });
    operations.watch(this.#server);
  }

  readStdin(): void {
    this.#server.readLines(process.stdin);
  }

  async awaitInput(count: number): Promise<bigint> {
    while (this.#server.stats().inputs.lines!.accepted < count)
      await new Promise((resolve) => setTimeout(resolve, lookMs));
    return process.hrtime.bigint();
  }
}

export type { WatchedServer };

playRole(new WatchedServer());
