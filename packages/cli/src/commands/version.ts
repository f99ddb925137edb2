import { type Command, Option } from "commander";
import { addConnectionOptions, type ConnectionOptions, connect } from "../client-options.js";
import { stopSignal } from "../stop-signal.js";

const defaultTimeoutMs = 10_000;

export function addVersionCommand(program: Command): void {
  const command = program
    .command("version")
    .description("Print the version of the Falco behind a server")
    .addOption(new Option("-o, --output <format>").choices(["compact", "json"]).default("compact"));
  addConnectionOptions(command).action(version);
}

async function version({ output, ...options }: ConnectionOptions & { output: string }): Promise<void> {
  await using falco = connect(options);
  const answer = await falco.version({
    timeoutMs: options.timeout ?? defaultTimeoutMs,
    signal: stopSignal(),
  });
  console.log(output === "json" ? JSON.stringify(answer) : answer.version);
}
