import { createInterface } from "node:readline";
import type { CallLine, CallResult, Target, TesteeLine } from "../protocol.js";

/** A client under test, connected to one target. */
export interface Testee {
  call(line: CallLine, onProgress: (requests: number) => void): Promise<CallResult>;
  close(): Promise<void> | void;
}

/** Makes the calls that stdin asks for, one after the other, and writes what was seen to stdout. */
export async function serveLines(connect: (target: Target) => Testee): Promise<void> {
  let testee: Testee | undefined;
  let current = "";
  for await (const text of createInterface({ input: process.stdin })) {
    const line = JSON.parse(text) as CallLine;
    const { address, tls, authority, compression } = line;
    const target = JSON.stringify([address, tls, authority, compression]);
    if (target !== current) {
      await testee?.close();
      testee = connect(line);
      current = target;
    }
    write({ result: await testee!.call(line, (requests) => write({ progress: { requests } })) });
  }
  await testee?.close();
}

function write(line: TesteeLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
