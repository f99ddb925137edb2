import { parseArgs } from "node:util";

export const usage = `Usage: npm run bench -- [OPTION ...]

Measures the server and the client beside their peers. Without an option everything runs, for about ten minutes, and
the report goes to docs/benchmarks.md.

  --scene NAME    only this scene; may be repeated
  --rounds N      how many rounds count (default: 5)
  --quick         a tenth of the work and two rounds: shows that it runs, and no more
  --micro         only the codecs, within one process, in seconds
  --json          one JSON object on stdout instead of tables
  --list          the scenes' names
  --help          this text

Exit status: 0 done, 1 a scene failed, 2 wrong usage.`;

export interface Options {
  readonly help: boolean;
  readonly list: boolean;
  readonly json: boolean;
  readonly quick: boolean;
  readonly micro: boolean;
  /** None: all of them. */
  readonly scenes: readonly string[];
  readonly rounds: number;
}

const defaultRounds = 5;
const quickRounds = 2;

/** @throws Error for an argument that there is not, or a scene that `known` does not have. */
export function parseOptions(args: readonly string[], known: readonly string[]): Options {
  const flag = { type: "boolean", default: false } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: flag,
      list: flag,
      json: flag,
      quick: flag,
      micro: flag,
      scene: { type: "string", multiple: true, default: [] },
      rounds: { type: "string" },
    },
  });
  const { scene: scenes, rounds, ...flags } = values;
  for (const name of scenes) {
    if (!known.includes(name)) throw new Error(`--scene ${name}: there is ${known.join(", ")}`);
  }
  if (flags.micro && scenes.length > 0) throw new Error("--micro runs no scene");
  return { ...flags, scenes, rounds: roundsOf(rounds) ?? (flags.quick ? quickRounds : defaultRounds) };
}

function roundsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text);
  throw new Error(`--rounds ${text}: expected a number from 1 to 999`);
}
