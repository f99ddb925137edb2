import { Priority } from "@falco-outputs/core";
import { type Contestant, measureRounds } from "../measure/rounds.js";
import { type FilteringRole, type FilterName, filters } from "../peers/filtering.js";
import { Cast } from "../process/cast.js";
import { type Scene, toResult } from "../scene.js";
import { unixSocket } from "./listeners.js";
import { draining, ours, startClient, startServer } from "./pairs.js";

const minPriority = Priority.Warning;
const peers = ["grpc-js", "connect-node"];
const decodeAndCompare = "fromBinary and compare";
const filterNames = Object.keys(filters) as FilterName[];

export const filter: Scene = {
  name: "filter",
  title: "One subscriber with a filter, unix socket",
  about:
    "First at least a warning, which is more than half of the alerts; the server filters, and figures are of alerts that were delivered. Then filters that no alert passes, by their parts: what it costs to look at an alert, within one process, beside the same comparison of a message that protobuf-es decoded.",
  async run(extent) {
    await using cast = new Cast();
    const contestants: Contestant[] = [];
    for (const library of [ours, ...peers]) {
      const server = await startServer(cast, library, unixSocket(), extent);
      const client = await startClient(cast, `${library}/client`, server.target);
      contestants.push(draining(library, server, client, () => ({ after: 0, minPriority })));
    }
    contestants.push(
      ...(await looking(cast, ours, `peers/${ours}/filtering.js`, extent.amount(100_000))),
      ...(await looking(cast, decodeAndCompare, "peers/protobuf-es/filtering.js", extent.amount(20_000))),
    );
    const measured = await measureRounds(contestants, extent);
    return toResult(measured, [
      ...peers.map((peer): [string, string] => [ours, peer]),
      ...filterNames.map((name): [string, string] => [`${ours}, ${name}`, `${decodeAndCompare}, ${name}`]),
    ]);
  },
};

/** A contestant for each filter. @param count Of the alerts that it has in memory. */
async function looking(cast: Cast, name: string, module: string, count: number): Promise<Contestant[]> {
  const player = cast.start<FilteringRole>(module);
  await player.do("fill", count);
  return filterNames.map((filter) => ({
    name: `${name}, ${filter}`,
    run: async () => ({ "µs/alert looked at": await player.do("look", filter) }),
  }));
}
