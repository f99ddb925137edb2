import { mutate } from "./mutate.js";
import { type Options, parseOptions, usage } from "./options.js";
import { Random } from "./random.js";
import { check, Difference } from "./target.js";
import { targets } from "./targets.js";

const progressMs = 5_000;
/** How many inputs there are between two looks at the clock. */
const round = 1_000;

process.exitCode = main(process.argv.slice(2));

function main(args: string[]): number {
  let options: Options;
  try {
    options = parseOptions(args);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    return 2;
  }
  if (options.help) {
    console.log(usage);
    return 0;
  }
  try {
    run(options);
    return 0;
  } catch (error) {
    if (!(error instanceof Difference)) throw error;
    console.error(`${error.message}\nseed: ${options.seed}`);
    return 1;
  }
}

/** @throws Difference */
function run({ seconds, seed, target: only }: Options): void {
  const chosen = targets.filter(({ name }) => only === undefined || name === only);
  const random = new Random(seed);
  const end = Date.now() + seconds * 1_000;
  console.log(`seed ${seed}, ${seconds} s: ${chosen.map(({ name }) => name).join(", ")}`);
  let inputs = 0;
  for (let told = Date.now(); Date.now() < end; ) {
    const target = random.of(chosen);
    for (let n = 0; n < round; n++) check(target, mutate(random.of(target.seeds), random, target.tokens));
    inputs += round;
    if (Date.now() - told < progressMs) continue;
    told = Date.now();
    console.log(`${inputs} inputs, ${Math.ceil((end - told) / 1_000)} s left`);
  }
  console.log(`${inputs} inputs, no difference`);
}
