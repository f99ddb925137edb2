import { type Contestant, measureRounds } from "../measure/rounds.js";
import { percentile } from "../measure/statistics.js";
import type { LiveClientRole, LiveServerRole } from "../peers/roles.js";
import { Cast } from "../process/cast.js";
import type { Player } from "../process/player.js";
import { type Scene, toResult } from "../scene.js";
import { startSubscriber } from "./end-to-end.js";
import { ours } from "./pairs.js";

const peer = "connect-node";
const rates = [
  { name: "1,000/s", perSecond: 1000, alerts: 3000 },
  { name: "10/s", perSecond: 10, alerts: 60 },
];

export const latency: Scene = {
  name: "latency",
  title: "From published to received, unix socket",
  about:
    "The server's process puts its clock into each alert right before it publishes it; the subscriber reads the same clock in its loop. At 10 alerts/s that is what a quiet system has: everything has gone to sleep in between.",
  async run(extent) {
    await using cast = new Cast();
    const contestants: Contestant[] = [];
    for (const library of [ours, peer]) {
      const server = cast.start<LiveServerRole>(`peers/${library}/server.js`);
      const client = await startSubscriber(cast, library, server);
      for (const { name, perSecond, alerts } of rates) {
        const count = Math.max(20, extent.amount(alerts));
        contestants.push({
          name: `${library}, ${name}`,
          run: () => publishAndReceive(server, client, perSecond, count),
        });
      }
    }
    const measured = await measureRounds(contestants, { ...extent, warmUps: 1 });
    return toResult(
      measured,
      rates.map(({ name }) => [`${ours}, ${name}`, `${peer}, ${name}`] as const),
    );
  },
};

async function publishAndReceive(
  server: Player<LiveServerRole>,
  client: Player<LiveClientRole>,
  perSecond: number,
  count: number,
) {
  const received = client.do("receive", count);
  await Promise.all([server.do("publish", perSecond, count), received]);
  const { latenciesUs } = await received;
  return {
    "p50 µs": percentile(latenciesUs, 50),
    "p99 µs": percentile(latenciesUs, 99),
  };
}
