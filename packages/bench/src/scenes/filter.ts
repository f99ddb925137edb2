import { Priority } from "@falco-outputs/core";
import { type Contestant, measureRounds } from "../measure/rounds.js";
import { Cast } from "../process/cast.js";
import { firstAgainstOthers, type Scene, toResult } from "../scene.js";
import { unixSocket } from "./listeners.js";
import { draining, ours, startClient, startServer } from "./pairs.js";

const minPriority = Priority.Warning;

export const filter: Scene = {
  name: "filter",
  title: "One subscriber with a filter, unix socket",
  about:
    "At least a warning, which is more than half of the alerts; the server filters. Figures are of alerts that were delivered.",
  async run(extent) {
    await using cast = new Cast();
    const contestants: Contestant[] = [];
    for (const library of [ours, "grpc-js", "connect-node"]) {
      const server = await startServer(cast, library, unixSocket(), extent);
      const client = await startClient(cast, `${library}/client`, server.target);
      contestants.push(draining(library, server, client, () => ({ after: 0, minPriority })));
    }
    const measured = await measureRounds(contestants, extent);
    return toResult(measured, firstAgainstOthers(measured));
  },
};
