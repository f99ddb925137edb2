import { type Contestant, measureRounds } from "../measure/rounds.js";
import type { Listen, TlsFiles } from "../peers/roles.js";
import { Cast } from "../process/cast.js";
import { type Extent, firstAgainstOthers, type Scene, type SceneResult, toResult } from "../scene.js";
import { counting } from "./counting.js";
import { mutualTls, unixSocket } from "./listeners.js";
import { draining, ours, peers, type Server, startClient, startServer } from "./pairs.js";

/** Clients of ours beside the one that is compared: another way to read is one more line here. */
const otherClientsOfOurs: Readonly<Record<string, string>> = { batches: "batches-client" };

const about =
  "The server has alerts in memory (100,000 of ours, 20,000 of a peer's), one client of the same library receives them all. Ours reads them from its log, the others stream messages that were made beforehand, with their library's usual way to wait for a slow reader.";

export const oneSubscriber: Scene = {
  name: "one-subscriber",
  title: "One subscriber, unix socket",
  about,
  run: (extent) => run(extent, unixSocket, undefined, true),
};

export const oneSubscriberTls: Scene = {
  name: "one-subscriber-tls",
  title: "One subscriber, mutual TLS",
  about,
  async run(extent) {
    const { server, client } = await mutualTls();
    return run(extent, () => server, client, false);
  },
};

async function run(
  extent: Extent,
  listen: () => Listen,
  tls: TlsFiles | undefined,
  /** Also with a client that decodes nothing: what our server alone can do. */
  bare: boolean,
): Promise<SceneResult> {
  await using cast = new Cast();
  const contestants: Contestant[] = [];
  const add = async (name: string, server: Server, client: string) => {
    const player = await startClient(cast, client, server.target, tls);
    contestants.push(draining(name, server, player, () => ({ after: 0 })));
  };
  const server = await startServer(cast, ours, listen(), extent);
  await add(ours, server, `${ours}/client`);
  for (const peer of peers)
    await add(peer, await startServer(cast, peer, listen(), extent), `${peer}/client`);
  for (const [name, client] of Object.entries(otherClientsOfOurs))
    await add(`${ours}, ${name}`, server, `${ours}/${client}`);
  if (bare) {
    const wanted = () => ({ after: 0 });
    const name = `${ours}, counting client`;
    contestants.push(await counting(cast, { name, server, subscribers: 1, wanted, expected: server.count }));
  }
  const measured = await measureRounds(contestants, extent);
  return toResult(measured, firstAgainstOthers(measured));
}
