import type { Readable } from "node:stream";
import type { OutputsResponse } from "@falco-outputs/core/contract";
import { toMessage } from "./to-message.js";

/** Falco's lines the usual way: text, split, JSON.parse, a message of protobuf-es. In batches, as chunks come. */
export async function* parsedLines(stream: Readable): AsyncGenerator<OutputsResponse[], void> {
  let rest = "";
  for await (const chunk of stream.setEncoding("utf8")) {
    const lines = `${rest}${chunk}`.split("\n");
    rest = lines.pop()!;
    yield lines.map((line) => toMessage(line));
  }
}
