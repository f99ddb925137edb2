import { cpuTimeOf } from "../measure/cpu-time.js";
import type { Contestant } from "../measure/rounds.js";
import { type Command, runProgram } from "../process/program.js";
import { expectedOf } from "./expected.js";
import type { Server } from "./pairs.js";

/** What a program in another language prints. */
interface Drained {
  readonly alerts: number;
  /** Characters of the rules' names: that it has read them. */
  readonly ruleCharacters: number;
  /** From the first call to the last alert. */
  readonly seconds: number;
  /** The processor time of its process meanwhile. */
  readonly cpuSeconds: number;
}

/**
 * A client in another language, which takes alerts from the shared queue, as its predecessors can. It is a program that
 * takes the server's address and a count, and prints what it measured.
 */
export function drainingProgram(
  name: string,
  { player, target }: Server,
  count: number,
  [command, ...args]: Command,
): Contestant {
  if (!("path" in target)) throw new Error("programs are given a unix socket");
  const expected = expectedOf(count);
  return {
    name,
    run: async () => {
      await player.do("fill", count);
      const {
        result: printed,
        cpuUs: [serverUs],
      } = await cpuTimeOf([player], () =>
        runProgram(command, [...args, `unix://${target.path}`, String(count)]),
      );
      const { seconds, cpuSeconds, ...received }: Drained = JSON.parse(printed);
      if (received.alerts !== expected.alerts || received.ruleCharacters !== expected.ruleCharacters)
        throw new Error(`${name} got ${JSON.stringify(received)}, expected ${JSON.stringify(expected)}`);
      return {
        "alerts/s": count / seconds,
        "server µs/alert": serverUs! / count,
        "client µs/alert": (cpuSeconds * 1e6) / count,
      };
    },
  };
}
