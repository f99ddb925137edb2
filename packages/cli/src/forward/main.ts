import { UsageError } from "../args/usage-error.js";
import { type ForwardOptions, forward } from "./forward.js";

/**
 * Runs `forward` without what the other commands need: Falco may start it for each alert, and waits for it. So each
 * file is loaded only where it is used. Arguments that are not obviously right are left to the parser of
 * all commands, which explains. Returns the exit status.
 * @param args With the command's name.
 */
export async function run(args: readonly string[]): Promise<number> {
  const options = await read(args.slice(1));
  if (options === undefined) return (await import("../main.js")).run(args);
  try {
    await forward(options);
    return 0;
  } catch (error) {
    const { tell } = await import("../print/tell.js");
    tell((error as Error).message);
    return error instanceof UsageError ? 2 : 1;
  }
}

async function read(args: readonly string[]): Promise<ForwardOptions | undefined> {
  const options: ForwardOptions = {};
  for (let at = 0; at < args.length; at += 2) {
    const value = args[at + 1];
    if (value === undefined || value.startsWith("-")) return undefined;
    if (args[at] === "-a" || args[at] === "--address") {
      options.address = value;
    } else if (args[at] === "--timeout") {
      options.timeout = (await import("../args/duration.js")).durationMs(value);
      if (options.timeout === undefined) return undefined;
    } else {
      return undefined;
    }
  }
  return options;
}
