import { type Contestant, measureRounds } from "../measure/rounds.js";
import { Cast } from "../process/cast.js";
import { type Scene, toResult } from "../scene.js";
import { counting } from "./counting.js";
import { unixSocket } from "./listeners.js";
import { ours, startServer } from "./pairs.js";

/** Alerts that a run of ours delivers, to all subscribers together; peers deliver fewer, so that no run takes long. */
const deliveries = 2_000_000;
const deliveriesOfPeers = 30_000;
const members = 10;
const libraries = [ours, "grpc-js", "connect-node"];
const clients =
  "The subscribers, each on a connection of its own, are one process that counts alerts and decodes none, the same for every server.";

export const broadcast: Scene = {
  name: "broadcast",
  title: "10 and 100 broadcast subscribers, unix socket",
  about: `Every subscriber gets every alert: of ours one and 10 subscribers 100,000 each, 100 subscribers 20,000 each; of a peer's 3,000 and 300 each. ${clients}`,
  async run(extent) {
    await using cast = new Cast();
    const contestants: Contestant[] = [];
    for (const library of libraries) {
      const server = await startServer(cast, library, unixSocket(), extent);
      const all = extent.amount(library === ours ? deliveries : deliveriesOfPeers);
      for (const subscribers of library === ours ? [1, 10, 100] : [10, 100]) {
        const each = Math.min(server.count, all / subscribers);
        contestants.push(
          await counting(cast, {
            name: `${library}, ${subscribers}`,
            server,
            subscribers,
            wanted: () => ({ after: server.last - each }),
            expected: each * subscribers,
          }),
        );
      }
    }
    const measured = await measureRounds(contestants, { ...extent, warmUps: 1 });
    const several = [10, 100].flatMap((subscribers) =>
      [`${ours}, 1`, ...libraries.slice(1).map((library) => `${library}, ${subscribers}`)].map(
        (other): [string, string] => [`${ours}, ${subscribers}`, other],
      ),
    );
    return toResult(measured, several);
  },
};

export const group: Scene = {
  name: "group",
  title: "A group of 10, unix socket",
  about: `Each alert goes to one of the ten members. Fairness is the smallest share over the largest. ${clients}`,
  async run(extent) {
    await using cast = new Cast();
    const contestants: Contestant[] = [];
    for (const library of libraries) {
      const server = await startServer(cast, library, unixSocket(), extent);
      contestants.push(
        await counting(cast, {
          name: library,
          server,
          subscribers: members,
          wanted: (round) => ({ after: 0, group: `round ${round}` }),
          expected: server.count,
          judge: (got) => ({ fairness: Math.min(...got) / Math.max(...got) }),
        }),
      );
    }
    const measured = await measureRounds(contestants, extent);
    const others = libraries.slice(1).map((library): [string, string] => [ours, library]);
    return toResult(measured, others);
  },
};
