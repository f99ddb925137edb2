import type { Random } from "./random.js";

type Mutation = (input: Buffer, random: Random, tokens: readonly Buffer[]) => Buffer;

/** What breaks parsers: a byte changed, a part gone, twice or elsewhere, something put in. */
const mutations: readonly Mutation[] = [
  (input, random) => replace(input, random, (byte) => byte ^ (1 << random.below(8))),
  (input, random) => replace(input, random, () => random.below(256)),
  (input, random, tokens) => insert(input, random.below(input.length + 1), random.of(tokens)),
  (input, random) => input.subarray(0, random.below(input.length + 1)),
  (input, random) => {
    const [start, end] = range(input, random);
    return Buffer.concat([input.subarray(0, start), input.subarray(end)]);
  },
  (input, random) => {
    const [start, end] = range(input, random);
    return insert(input, random.below(input.length + 1), input.subarray(start, end));
  },
  (input, random, tokens) => {
    const [start, end] = range(input, random);
    return Buffer.concat([input.subarray(0, start), random.of(tokens), input.subarray(end)]);
  },
];

const maxMutations = 4;

/** An input with one to four things changed. `tokens` are what the format is made of. */
export function mutate(input: Buffer, random: Random, tokens: readonly Buffer[]): Buffer {
  let mutated = input;
  for (let count = 1 + random.below(maxMutations); count > 0; count--) {
    mutated = random.of(mutations)(mutated, random, tokens);
  }
  return mutated;
}

function replace(input: Buffer, random: Random, change: (byte: number) => number): Buffer {
  const changed = Buffer.from(input);
  const at = random.below(input.length);
  if (at < input.length) changed[at] = change(input[at]!);
  return changed;
}

function insert(input: Buffer, at: number, part: Uint8Array): Buffer {
  return Buffer.concat([input.subarray(0, at), part, input.subarray(at)]);
}

function range(input: Buffer, random: Random): [start: number, end: number] {
  const start = random.below(input.length + 1);
  return [start, start + random.below(Math.min(64, input.length - start) + 1)];
}
