import { fromBinary } from "@bufbuild/protobuf";
import { OutputsResponseSchema } from "@falco-outputs/core/contract";
import { type FalcoOutputsServer, type ServerOptions, startServer } from "@falco-outputs/server";
import { makeAlerts } from "../../alerts.js";
import { playRole } from "../../process/role.js";
import { paced } from "../paced.js";
import {
  type DiskRole,
  type Filled,
  type HttpRole,
  type InputRole,
  type Listen,
  type LiveServerRole,
  type ServerRole,
  sentField,
  type Target,
} from "../roles.js";

/** How often it is looked whether all input has come, in milliseconds. */
const lookMs = 1;
const fillAtOnce = 100;

class FalcoOutputs implements ServerRole, LiveServerRole, InputRole, HttpRole, DiskRole {
  readonly #alerts = makeAlerts();
  #options: ServerOptions = {};
  #server!: FalcoOutputsServer;

  keepOn(directory: string, maxAlerts: number): void {
    this.#options = { log: { directory }, maxAlerts };
  }

  async listen(where: Listen): Promise<Target> {
    if ("path" in where) {
      this.#server = await startServer({ ...this.#options, listen: [where.path] });
      return { path: where.path };
    }
    this.#server = await startServer({
      ...this.#options,
      listen: [{ address: "127.0.0.1:0", tls: where.tls }],
    });
    return { authority: this.#server.address.replace("127.0.0.1", "localhost"), tls: where.tls };
  }

  async listenHttp(): Promise<number> {
    this.#server = await startServer({ ...this.#options, listen: [], inputs: { http: ["127.0.0.1:0"] } });
    return Number(new URL(this.#server.httpUrl!).port);
  }

  async fill(count: number): Promise<Filled> {
    const { encoded } = this.#alerts;
    let last = 0n;
    for (let index = 0; index < count; index += fillAtOnce) {
      const several = Array.from({ length: Math.min(fillAtOnce, count - index) }, (_, more) =>
        this.#server.publish(encoded[(index + more) % encoded.length]!),
      );
      last = (await Promise.all(several)).at(-1)!;
    }
    return { last: Number(last) };
  }

  readStdin(): void {
    this.#server.readLines(process.stdin);
  }

  async awaitInput(count: number): Promise<bigint> {
    while (this.#server.stats().inputs.lines!.accepted < count)
      await new Promise((resolve) => setTimeout(resolve, lookMs));
    return process.hrtime.bigint();
  }

  async publish(perSecond: number, count: number): Promise<void> {
    const parts = this.#alerts.encoded.map((bytes) => fromBinary(OutputsResponseSchema, bytes));
    await paced(perSecond, count, (index) => {
      const { rule, priority, output, outputFields, hostname, tags, source } = parts[index % parts.length]!;
      const sent = String(process.hrtime.bigint());
      return this.#server.publish({
        rule,
        priority,
        output,
        outputFields: { ...outputFields, [sentField]: sent },
        hostname,
        tags,
        source,
      });
    });
  }

  awaitSubscribers(count: number): Promise<void> {
    return this.#server.waitForSubscribers(count);
  }
}

playRole(new FalcoOutputs());
