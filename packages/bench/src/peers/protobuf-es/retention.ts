import { fromBinary } from "@bufbuild/protobuf";
import { type OutputsResponse, OutputsResponseSchema } from "@falco-outputs/core/contract";
import { makeAlerts } from "../../alerts.js";
import { playRole } from "../../process/role.js";
import { type Held, type RetentionRole, settledRssBytes } from "../retention.js";

/** A queue of messages, as a server has it that streams objects. */
class MessageQueue implements RetentionRole {
  readonly #encoded = makeAlerts().encoded;
  #queue: OutputsResponse[] = [];

  async warmUp(count: number): Promise<void> {
    this.#fill(count);
    this.#queue = [];
  }

  async hold(count: number): Promise<Held> {
    const before = await settledRssBytes();
    const alertBytes = this.#fill(count);
    const growthBytes = (await settledRssBytes()) - before;
    if (this.#queue.length !== count) throw new Error("the queue is too short");
    return { growthBytes, alertBytes };
  }

  #fill(count: number): number {
    let bytes = 0;
    for (let index = 0; index < count; index++) {
      const alert = this.#encoded[index % this.#encoded.length]!;
      this.#queue.push(fromBinary(OutputsResponseSchema, alert));
      bytes += alert.length;
    }
    return bytes;
  }
}

playRole(new MessageQueue());
