import type { HttpPosts } from "../load/http-posts.js";
import { cpuTimeOf } from "../measure/cpu-time.js";
import { type Contestant, measureRounds } from "../measure/rounds.js";
import type { HttpRole } from "../peers/roles.js";
import { Cast } from "../process/cast.js";
import type { Player } from "../process/player.js";
import { type Extent, type Scene, type SceneResult, toResult } from "../scene.js";
import { ours } from "./pairs.js";

const posts = 20_000;
/** Falco has one. */
const connectionCounts = [1, 4];
const perSecond = 1000;
const pacedPosts = 4000;
const bare = "node:http";
const modules = { [ours]: `peers/${ours}/server.js`, [bare]: "peers/bare-http/server.js" };
const peer = "The peer is node:http alone: it reads the body and answers 200, without a look at it.";

export const httpInput: Scene = {
  name: "http",
  title: "Falco's http_output, one POST an alert",
  about: `Posts from a process that writes ready bytes to sockets, one request at a time on a connection: on one, as Falco does it, and on four. ${peer}`,
  run(extent) {
    const count = extent.amount(posts);
    return compare(
      extent,
      connectionCounts.map((connections) => ({
        name: String(connections),
        count,
        post: (load, port) => load.do("post", port, count, connections),
      })),
    );
  },
};

export const httpInputPaced: Scene = {
  name: "http-paced",
  title: "Falco's http_output at 1,000 alerts a second",
  about: `The same on one connection, at a pace: what counts is the server's CPU. ${peer}`,
  run(extent) {
    const count = extent.amount(pacedPosts);
    return compare(extent, [
      { name: "1,000/s", count, post: (load, port) => load.do("postPaced", port, perSecond, count) },
    ]);
  },
};

/** A way to post. */
export interface Posting {
  readonly name: string;
  readonly count: number;
  post(load: Player<HttpPosts>, port: number): Promise<void>;
}

/** Ours beside the bare server, in each way. */
async function compare(extent: Extent, ways: readonly Posting[]): Promise<SceneResult> {
  await using cast = new Cast();
  const contestants: Contestant[] = [];
  for (const [name, module] of Object.entries(modules)) {
    const server = cast.start<HttpRole>(module);
    const load = cast.start<HttpPosts>("load/http-posts.js");
    const port = await server.do("listenHttp");
    for (const way of ways) contestants.push(posting(name, way, server, load, port));
  }
  const measured = await measureRounds(contestants, extent);
  return toResult(
    measured,
    ways.map(({ name }) => [`${ours}, ${name}`, `${bare}, ${name}`] as const),
  );
}

export function posting(
  server: string,
  { name, count, post }: Posting,
  player: Player<HttpRole>,
  load: Player<HttpPosts>,
  port: number,
): Contestant {
  return {
    name: `${server}, ${name}`,
    run: async () => {
      const {
        result: seconds,
        cpuUs: [serverUs, loadUs],
      } = await cpuTimeOf([player, load], async () => {
        const startMs = performance.now();
        await post(load, port);
        return (performance.now() - startMs) / 1000;
      });
      return {
        "posts/s": count / seconds,
        "server µs/post": serverUs! / count,
        "load µs/post": loadUs! / count,
      };
    },
  };
}
