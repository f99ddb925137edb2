import { type Command, InvalidArgumentError, Option } from "commander";
import { addConnectionOptions, type ConnectionOptions, connect } from "../client-options.js";
import { wantsColor } from "../print/color.js";
import { type Format, formatAlert, formats } from "../print/format.js";
import { LineWriter } from "../print/line-writer.js";
import { stopSignal } from "../stop-signal.js";

interface SubscribeOptions extends ConnectionOptions {
  count?: number;
  output: Format;
}

export function addSubscribeCommands(program: Command): void {
  add(program, "sub", "Print alerts as they arrive, until interrupted");
  add(program, "get", "Print the alerts that are queued, and end");
}

function add(program: Command, method: "sub" | "get", description: string): void {
  addConnectionOptions(program.command(method))
    .description(`${description}. Alerts come from the shared queue: each goes to one subscriber.`)
    .option("-n, --count <count>", "end after so many alerts", parseCount)
    .addOption(new Option("-o, --output <format>", "one line an alert").choices(formats).default("compact"))
    .action((options: SubscribeOptions) => subscribe(method, options));
}

async function subscribe(method: "sub" | "get", options: SubscribeOptions): Promise<void> {
  const { count = Number.POSITIVE_INFINITY, output } = options;
  const color = wantsColor(process.stdout);
  const writer = new LineWriter(process.stdout);
  const signal = AbortSignal.any([stopSignal(), writer.closed]);
  await using falco = connect(options);
  let printed = 0;
  for await (const alert of falco[method]({ signal })) {
    await writer.write(formatAlert(alert, output, color));
    if (++printed >= count) break;
  }
  writer.assertNoFailure();
}

export function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= 1) return count;
  throw new InvalidArgumentError("expected a whole number from 1.");
}
