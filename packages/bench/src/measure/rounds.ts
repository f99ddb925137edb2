import { watchForeignCpu } from "./foreign-cpu.js";
import { type Figure, figureOf, median } from "./statistics.js";

/** What one run of a contestant gave: figures by name, the unit in the name. */
export type Sample = Readonly<Record<string, number>>;

export interface Contestant {
  readonly name: string;
  /** @param round Counts up from 0, warm-up included. */
  run(round: number): Promise<Sample>;
}

export interface Plan {
  readonly rounds: number;
  /** Rounds before those that count. */
  readonly warmUps: number;
  /** Told before each run what is being done. */
  progress(text: string): void;
}

/** The runs of all contestants, round by round. */
export interface Measured {
  readonly samples: ReadonlyMap<string, readonly Sample[]>;
  /** Which share of the machine others had at the most while a run that counts was on, from 0 to 1. */
  readonly foreignCpu: number;
  /** Rounds that were run once more, since others had more than they may. */
  readonly repeated: number;
}

/** Which share of the machine others may have. */
const maxForeign = 0.1;

/**
 * Runs the contestants one after the other, round by round, each round beginning with another one. A round during
 * which others were busy is repeated, at most as many times in all as there are rounds.
 */
export async function measureRounds(contestants: readonly Contestant[], plan: Plan): Promise<Measured> {
  const samples = new Map(contestants.map(({ name }) => [name, [] as Sample[]]));
  let foreignCpu = 0;
  let repeated = 0;
  let counted = -plan.warmUps;
  for (let round = 0; counted < plan.rounds; round++) {
    const result = await runRound(contestants, round, (name) =>
      plan.progress(`${counted < 0 ? "warm-up" : `round ${counted + 1} of ${plan.rounds}`}: ${name}`),
    );
    if (counted >= 0) {
      if (result.foreignCpu > maxForeign && repeated < plan.rounds) {
        repeated++;
        continue;
      }
      for (const [name, sample] of result.samples) samples.get(name)!.push(sample);
      foreignCpu = Math.max(foreignCpu, result.foreignCpu);
    }
    counted++;
  }
  return { samples, foreignCpu, repeated };
}

async function runRound(
  contestants: readonly Contestant[],
  round: number,
  onRun: (name: string) => void,
): Promise<{ samples: Map<string, Sample>; foreignCpu: number }> {
  const samples = new Map<string, Sample>();
  let foreignCpu = 0;
  for (let place = 0; place < contestants.length; place++) {
    const { name, run } = contestants[(place + round) % contestants.length]!;
    onRun(name);
    const foreign = watchForeignCpu();
    samples.set(name, await run(round));
    foreignCpu = Math.max(foreignCpu, foreign() ?? 0);
  }
  return { samples, foreignCpu };
}

/** A contestant's figures. */
export function figuresOf(samples: readonly Sample[]): Record<string, Figure> {
  const names = Object.keys(samples[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, figureOf(samples.map((sample) => sample[name]!))]));
}

/** One contestant's figures over another's, round by round, for the figures that both have. */
export function ratiosOf(of: readonly Sample[], to: readonly Sample[]): Record<string, Figure> {
  const names = Object.keys(of[0] ?? {}).filter((name) => to[0]?.[name] !== undefined);
  const ratios = names
    .filter((name) => median(to.map((sample) => sample[name]!)) !== 0)
    .map((name) => [name, figureOf(of.map((sample, round) => sample[name]! / to[round]![name]!))] as const);
  return Object.fromEntries(ratios.filter(([, { max }]) => Number.isFinite(max)));
}
