import { createInterface } from "node:readline";
import type { CallLine, CallProgress, CallResult, RunnerLine, Target, TesteeLine } from "../protocol.js";

/** A client under test, connected to one target. */
export interface Testee {
  /** @param cancelled Aborts when the runner cancels the call. */
  call(
    line: CallLine,
    onProgress: (progress: CallProgress) => void,
    cancelled: AbortSignal,
  ): Promise<CallResult>;
  close(): Promise<void> | void;
}

/** Makes the calls that stdin asks for, and writes what was seen to stdout. */
export async function serveLines(connect: (target: Target) => Testee): Promise<void> {
  let testee: Testee | undefined;
  let current = "";
  const running = new Map<number, AbortController>();
  for await (const text of createInterface({ input: process.stdin })) {
    const line = JSON.parse(text) as RunnerLine;
    const { id } = line;
    if ("cancel" in line) {
      running.get(id)?.abort();
      continue;
    }
    const { address, tls, authority, compression } = line;
    const target = JSON.stringify([address, tls, authority, compression]);
    if (target !== current) {
      await testee?.close();
      testee = connect(line);
      current = target;
    }
    const cancel = new AbortController();
    running.set(id, cancel);
    void testee!
      .call(line, (progress) => write({ id, progress }), cancel.signal)
      .then((result) => {
        running.delete(id);
        write({ id, result });
      });
  }
  await testee?.close();
}

function write(line: TesteeLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
