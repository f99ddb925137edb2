import type { CountingClient } from "../load/counting-client.js";
import type { Contestant, Sample } from "../measure/rounds.js";
import type { Wanted } from "../peers/roles.js";
import type { Cast } from "../process/cast.js";
import { type Server, timed } from "./pairs.js";

export interface Counting {
  readonly name: string;
  readonly server: Server;
  readonly subscribers: number;
  /** What each of them asks for. */
  wanted(round: number): Wanted;
  /** How many alerts they have to get, all together. */
  readonly expected: number;
  /** Judges how many each of them got, and may add a figure. @throws Error if that is wrong. */
  judge?(got: readonly number[]): Sample;
}

/** What a server costs, by subscribers that decode nothing. */
export async function counting(
  cast: Cast,
  { name, server, subscribers, wanted, expected, judge }: Counting,
): Promise<Contestant> {
  const client = cast.start<CountingClient>("load/counting-client.js");
  await client.do("connectAll", server.target, subscribers);
  return {
    name,
    run: async (round) => {
      const { sample, result } = await timed(server, client, expected, () =>
        client.do("drainAll", wanted(round)),
      );
      const all = result.reduce((sum, alerts) => sum + alerts, 0);
      if (all !== expected) throw new Error(`${name}: ${all} alerts were counted, expected ${expected}`);
      return { ...sample, ...judge?.(result) };
    },
  };
}
