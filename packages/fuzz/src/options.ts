import { parseArgs } from "node:util";
import { targets } from "./targets.js";

export const usage = `Usage: npm run fuzz -- [OPTION ...]

Compares the fast codecs with the complete ones, on real alerts that were broken at random.

  --seconds N      how long (default: 60)
  --seed N         the same inputs again
  --target NAME    only this one: ${targets.map(({ name }) => name).join(", ")}
  --help           this text

Exit status: 0 no difference was found, 1 one was, 2 wrong usage.`;

export interface Options {
  readonly help: boolean;
  readonly seconds: number;
  readonly seed: number;
  readonly target: string | undefined;
}

/** @throws Error for an argument that makes no sense. */
export function parseOptions(args: string[]): Options {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args,
    options: { help: { type: "boolean", default: false }, seconds: text, seed: text, target: text },
  });
  const { help, target } = values;
  if (target !== undefined && !targets.some(({ name }) => name === target)) {
    throw new Error(`--target: there is no ${JSON.stringify(target)}`);
  }
  return {
    help,
    seconds: wholeNumber("--seconds", values.seconds ?? "60"),
    seed: wholeNumber("--seed", values.seed ?? String(Math.floor(Math.random() * 0x1_0000_0000))),
    target,
  };
}

function wholeNumber(name: string, text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new Error(`${name}: ${JSON.stringify(text)}, expected a whole number`);
}
