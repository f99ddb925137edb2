import { type Contestant, measureRounds } from "../measure/rounds.js";
import { Cast } from "../process/cast.js";
import { firstAgainstOthers, type Scene, toResult } from "../scene.js";
import { unixSocket } from "./listeners.js";
import { draining, ours, peers, startClient, startServer } from "./pairs.js";

/** Alerts that a run takes. */
const alerts = 50_000;

export const alertAtATime: Scene = {
  name: "alert-at-a-time",
  title: "One subscriber of a server that writes one alert at a time, unix socket",
  about:
    "The clients read from one and the same server, which sends ready-made alerts as Falco's own server does, each in a DATA frame of its own. It is a bare socket and costs next to nothing, so that the client is what limits.",
  async run(extent) {
    await using cast = new Cast();
    const server = await startServer(cast, "bare-grpc", unixSocket(), extent, alerts);
    const clients: [name: string, module: string][] = [
      [ours, `${ours}/client`],
      ...peers.map((peer): [string, string] => [peer, `${peer}/client`]),
      [`${ours}, batches`, `${ours}/batches-client`],
    ];
    const contestants: Contestant[] = [];
    for (const [name, module] of clients) {
      const client = await startClient(cast, module, server.target);
      contestants.push(draining(name, server, client, () => ({ after: 0, shared: true })));
    }
    const measured = await measureRounds(contestants, extent);
    return toResult(measured, firstAgainstOthers(measured));
  },
};
