import { toBinary } from "@bufbuild/protobuf";
import { OutputsResponseSchema } from "@falco-outputs/core/contract";
import { playRole } from "../../process/role.js";
import type { InputRole } from "../roles.js";
import { parsedLines } from "./parsed-lines.js";

/** Takes lines by JSON.parse and protobuf-es, and keeps nothing of them. */
class JsonParse implements InputRole {
  #count = 0;
  #bytes = 0;
  #waiting: { count: number; resolve: (atNs: bigint) => void } | undefined;

  readStdin(): void {
    void this.#read();
  }

  awaitInput(count: number): Promise<bigint> {
    return new Promise((resolve) => {
      this.#waiting = { count, resolve };
      this.#settle();
    });
  }

  async #read(): Promise<void> {
    for await (const batch of parsedLines(process.stdin)) {
      for (const message of batch) {
        this.#bytes += toBinary(OutputsResponseSchema, message).length;
        this.#count++;
      }
      this.#settle();
    }
  }

  #settle(): void {
    if (this.#waiting === undefined || this.#count < this.#waiting.count || this.#bytes === 0) return;
    this.#waiting.resolve(process.hrtime.bigint());
    this.#waiting = undefined;
  }
}

playRole(new JsonParse());
