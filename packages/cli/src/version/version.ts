import { printable, printableJson } from "@falco-outputs/core/printable";
import { connect } from "../connection/connect.js";
import type { ConnectionOptions } from "../connection/connection-options.js";
import { say } from "../print/line-writer.js";
import { stopSignal } from "../stop-signal.js";

const defaultTimeoutMs = 10_000;

export async function version({ output, ...options }: ConnectionOptions & { output: string }): Promise<void> {
  await using falco = connect(options);
  const answer = await falco.version({
    timeoutMs: options.timeout ?? defaultTimeoutMs,
    signal: stopSignal(),
  });
  await say(output === "json" ? printableJson(JSON.stringify(answer)) : printable(answer.version));
}
