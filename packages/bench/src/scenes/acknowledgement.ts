import { measureRounds } from "../measure/rounds.js";
import { Cast } from "../process/cast.js";
import { type Scene, toResult } from "../scene.js";
import { unixSocket } from "./listeners.js";
import { draining, ours, startClient, startServer } from "./pairs.js";

const acknowledged = `${ours}, acknowledging`;
const peer = "connect-node";

export const acknowledgement: Scene = {
  name: "acknowledgement",
  title: "One subscriber that acknowledges, unix socket",
  about:
    "A new group a round, from the oldest alert on; each alert is acknowledged when the loop comes back for the next one. The peer has no acknowledgement: it streams.",
  async run(extent) {
    await using cast = new Cast();
    const server = await startServer(cast, ours, unixSocket(), extent);
    const client = await startClient(cast, `${ours}/client`, server.target);
    const other = await startServer(cast, peer, unixSocket(), extent);
    const otherClient = await startClient(cast, `${peer}/client`, other.target);
    const all = () => ({ after: 0 });
    const group = (round: number) => ({ after: 0, group: `round ${round}`, acknowledge: true });
    const measured = await measureRounds(
      [
        draining(acknowledged, server, client, group),
        draining(ours, server, client, all),
        draining(peer, other, otherClient, all),
      ],
      extent,
    );
    return toResult(measured, [
      [acknowledged, ours],
      [acknowledged, peer],
    ]);
  },
};
