import type { Feeder } from "../load/feeder.js";
import { cpuTimeOf } from "../measure/cpu-time.js";
import { type Contestant, measureRounds, type Sample } from "../measure/rounds.js";
import type { LiveClientRole, LiveServerRole } from "../peers/roles.js";
import { Cast } from "../process/cast.js";
import type { Player } from "../process/player.js";
import { startFed } from "../process/standard-input.js";
import { firstAgainstOthers, type Scene, toResult } from "../scene.js";
import { unixSocket } from "./listeners.js";
import { ours } from "./pairs.js";

const lines = 30_000;

/** Falco, a server and a subscriber. */
export interface Chain {
  readonly feeder: Player<Feeder>;
  readonly server: Player<LiveServerRole>;
  readonly client: Player<LiveClientRole>;
}

export const endToEnd: Scene = {
  name: "end-to-end",
  title: "Falco's JSON on standard input, server, subscriber",
  about:
    "A process writes lines into a pipe; the time ends when the subscriber has them all, over a unix socket. The peer makes messages by JSON.parse and protobuf-es, and has a queue for each subscriber.",
  async run(extent) {
    await using cast = new Cast();
    const count = extent.amount(lines);
    const contestants: Contestant[] = [];
    for (const library of [ours, "connect-node"]) {
      const chain = await startChain(cast, library);
      contestants.push({ name: library, run: () => feedThrough(chain, count) });
    }
    const measured = await measureRounds(contestants, extent);
    return toResult(measured, firstAgainstOthers(measured));
  },
};

/** @param retained How many alerts the server has before the subscriber comes. */
export async function startChain(cast: Cast, library: string, retained = 0): Promise<Chain> {
  const { player: server, feeder } = startFed<LiveServerRole>(cast, `peers/${library}/server.js`);
  const client = await startSubscriber(cast, library, server, retained);
  await server.do("readStdin");
  return { feeder, server, client };
}

/** Starts a client that has subscribed to this server, on a unix socket. */
export async function startSubscriber(
  cast: Cast,
  library: string,
  server: Player<LiveServerRole>,
  retained = 0,
): Promise<Player<LiveClientRole>> {
  const client = cast.start<LiveClientRole>(`peers/${library}/client.js`);
  const target = await server.do("listen", unixSocket());
  await server.do("fill", retained);
  await client.do("connect", target);
  await client.do("subscribe");
  await server.do("awaitSubscribers", 1);
  return client;
}

/** As many lines as possible. */
export async function feedThrough({ feeder, server, client }: Chain, count: number): Promise<Sample> {
  const {
    result: { lines, seconds },
    cpuUs: [serverUs, clientUs],
  } = await cpuTimeOf([server, client], async () => {
    const { lines, atNs: startNs } = await feeder.do("feed", count);
    const { atNs } = await client.do("receive", lines);
    return { lines, seconds: Number(atNs - startNs) / 1e9 };
  });
  return {
    "alerts/s": lines / seconds,
    "server µs/alert": serverUs! / lines,
    "client µs/alert": clientUs! / lines,
  };
}
