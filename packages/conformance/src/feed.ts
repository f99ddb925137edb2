import { Readable } from "node:stream";
import type { FalcoOutputsServer } from "@falco-outputs/server";
import { bodyBytes, hexBytes } from "./body.js";
import type { FeedStep } from "./case.js";
import { post } from "./http-post.js";
import { numberedLine, range } from "./numbered.js";

/** What a feed is told while it runs. */
export interface Progress {
  /** Resolves when the testee has sent so many requests on this stream. */
  requests(count: number): Promise<void>;
}

/**
 * Does to the server what the steps say. Gives the sequence number that each alert got, undefined for those that came
 * through an input.
 */
export async function feed(
  server: FalcoOutputsServer,
  steps: readonly FeedStep[],
  progress: Progress,
): Promise<(string | undefined)[]> {
  const sequences: (string | undefined)[] = [];
  const publish = async (alert: string | Uint8Array) => {
    sequences.push(String(await server.publish(alert)));
  };
  for (const step of steps) {
    if ("line" in step) await publish(step.line);
    else if ("encoded" in step) await publish(hexBytes(step.encoded));
    else if ("numbered" in step) {
      for (const number of range(step.numbered)) await publish(numberedLine(number));
    } else if ("await_requests" in step) await progress.requests(step.await_requests);
    else if ("stop" in step) await server.stop();
    else {
      const before = server.stats().appended;
      if ("http" in step) await post(server.httpUrl!, step.http);
      else await server.readLines(Readable.from(chunks(bodyBytes(step.stdin), step.stdin.chunk_bytes)));
      sequences.push(...Array<undefined>(server.stats().appended - before).fill(undefined));
    }
  }
  return sequences;
}

function* chunks(bytes: Buffer, size = 64 * 1024): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
