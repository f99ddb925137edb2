import { cpuTimeOf } from "../measure/cpu-time.js";
import { type Contestant, measureRounds } from "../measure/rounds.js";
import type { InputRole, Listen, Target } from "../peers/roles.js";
import { Cast } from "../process/cast.js";
import { startFed } from "../process/standard-input.js";
import { firstAgainstOthers, type Scene, toResult } from "../scene.js";
import { unixSocket } from "./listeners.js";
import { ours } from "./pairs.js";

export const lines = 40_000;

export const stdinInput: Scene = {
  name: "stdin",
  title: "Falco's JSON on standard input, to the log",
  about:
    "Another process writes lines into a pipe. Ours has them in its log in the end; the peer splits them, makes a message of each by JSON.parse and protobuf-es, encodes it, and keeps nothing.",
  async run(extent) {
    await using cast = new Cast();
    const count = extent.amount(lines);
    const server = startFed<InputRole & { listen(where: Listen): Promise<Target> }>(
      cast,
      `peers/${ours}/server.js`,
    );
    await server.player.do("listen", unixSocket());
    const peer = startFed<InputRole>(cast, "peers/json-parse/input.js");
    const contestants = [
      await reading(ours, server, count),
      await reading("JSON.parse and protobuf-es", peer, count),
    ];
    const measured = await measureRounds(contestants, extent);
    return toResult(measured, firstAgainstOthers(measured));
  },
};

/** Feeds lines, and waits until they are in the log. */
export async function reading(
  name: string,
  { player, feeder }: Pick<ReturnType<typeof startFed<InputRole>>, "player" | "feeder">,
  count: number,
): Promise<Contestant> {
  await player.do("readStdin");
  let fed = 0;
  return {
    name,
    run: async () => {
      const {
        result: { lines, seconds },
        cpuUs: [inputUs, feederUs],
      } = await cpuTimeOf([player, feeder], async () => {
        const { lines, atNs } = await feeder.do("feed", count);
        fed += lines;
        const doneNs = await player.do("awaitInput", fed);
        return { lines, seconds: Number(doneNs - atNs) / 1e9 };
      });
      return {
        "alerts/s": lines / seconds,
        "input µs/alert": inputUs! / lines,
        "feeder µs/alert": feederUs! / lines,
      };
    },
  };
}
