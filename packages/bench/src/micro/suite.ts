import { type Measured, measureRounds, type Plan } from "../measure/rounds.js";

/** One way to do a thing to a set of inputs. */
export interface Way<Input> {
  readonly name: string;
  /** Returns some of what it made, so that no compiler leaves the work out. */
  run(input: Input): number;
}

/** How long a way runs before the next one has its turn. */
const turnNs = 150_000_000;

/** Measures ways to do the same, in turn, within this process. @param alertsEach Alerts that one input has. */
export function measureWays<Input>(
  ways: readonly Way<Input>[],
  inputs: readonly Input[],
  alertsEach: number,
  plan: Plan,
): Promise<Measured> {
  const contestants = ways.map(({ name, run }) => ({
    name,
    run: async () => ({ "ns/alert": turn(run, inputs) / alertsEach }),
  }));
  return measureRounds(contestants, plan);
}

function turn<Input>(run: (input: Input) => number, inputs: readonly Input[]): number {
  const start = process.hrtime.bigint();
  let passes = 0;
  let made = 0;
  let tookNs: number;
  do {
    for (const input of inputs) made += run(input);
    passes++;
    tookNs = Number(process.hrtime.bigint() - start);
  } while (tookNs < turnNs);
  if (made === 0) throw new Error("nothing was made");
  return tookNs / (passes * inputs.length);
}
