import { isDeepStrictEqual } from "node:util";
import { cpuTimeOf } from "../measure/cpu-time.js";
import type { Contestant, Sample } from "../measure/rounds.js";
import type { ClientRole, DiskRole, Listen, ServerRole, Target, TlsFiles, Wanted } from "../peers/roles.js";
import type { Cast } from "../process/cast.js";
import type { Player } from "../process/player.js";
import type { Extent } from "../scene.js";
import { expectedOf } from "./expected.js";

export const peers = ["grpc-js", "nice-grpc", "connect-node"] as const;
export const ours = "falco-outputs";

/** Alerts that a run takes: peers get fewer, so that no run takes long. */
const alerts = 100_000;
const alertsOfPeers = 20_000;

export interface Server {
  readonly player: Player<ServerRole>;
  readonly target: Target;
  /** How many alerts it has in memory. */
  readonly count: number;
  /** Sequence number of the last one. */
  readonly last: number;
}

/** Starts a library's server, with alerts in its memory. */
export async function startServer(
  cast: Cast,
  library: string,
  where: Listen,
  extent: Extent,
  full = library === ours ? alerts : alertsOfPeers,
  /** What it does before it listens. */
  prepare: (player: Player<ServerRole & DiskRole>) => Promise<void> = async () => undefined,
): Promise<Server> {
  const count = extent.amount(full);
  const player = cast.start<ServerRole & DiskRole>(`peers/${library}/server.js`);
  await prepare(player);
  const target = await player.do("listen", where);
  return { player, target, count, ...(await player.do("fill", count)) };
}

/** Starts a library's client. @param tls What it shows of itself, where the server wants that. */
export async function startClient(
  cast: Cast,
  module: string,
  target: Target,
  tls?: TlsFiles,
): Promise<Player<ClientRole>> {
  const player = cast.start<ClientRole>(`peers/${module}.js`);
  await player.do("connect", seenBy(target, tls));
  return player;
}

/** A server's target with what a client shows of itself, in place of the server's own files. */
export function seenBy(target: Target, tls: TlsFiles | undefined): Target {
  return "authority" in target && tls !== undefined ? { ...target, tls } : target;
}

/** A client that receives from a server what is wanted, and has to get just that. */
export function draining(
  name: string,
  server: Server,
  client: Player<ClientRole>,
  wanted: (round: number) => Wanted,
): Contestant {
  const expected = expectedOf(server.count, wanted(0).minPriority);
  return {
    name,
    run: async (round) => {
      const { sample, result } = await timed(server, client, expected.alerts, () =>
        client.do("drain", wanted(round), expected.alerts),
      );
      if (!isDeepStrictEqual(result, expected))
        throw new Error(`${name} got ${JSON.stringify(result)}, expected ${JSON.stringify(expected)}`);
      return sample;
    },
  };
}

/** What it costs both sides that `alerts` alerts are delivered. */
export async function timed<Result>(
  server: Server,
  client: Pick<Player<never>, "usage">,
  alerts: number,
  act: () => Promise<Result>,
): Promise<{ sample: Sample; result: Result }> {
  const {
    result: { result, seconds },
    cpuUs: [serverUs, clientUs],
  } = await cpuTimeOf([server.player, client], async () => {
    const startMs = performance.now();
    const result = await act();
    return { result, seconds: (performance.now() - startMs) / 1000 };
  });
  return {
    result,
    sample: {
      "alerts/s": alerts / seconds,
      "server µs/alert": serverUs! / alerts,
      "client µs/alert": clientUs! / alerts,
    },
  };
}
