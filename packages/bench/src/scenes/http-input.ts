import type { HttpPosts } from "../load/http-posts.js";
import { cpuTimeOf } from "../measure/cpu-time.js";
import { type Contestant, measureRounds } from "../measure/rounds.js";
import type { HttpRole } from "../peers/roles.js";
import { Cast } from "../process/cast.js";
import type { Player } from "../process/player.js";
import { type Scene, toResult } from "../scene.js";
import { ours } from "./pairs.js";

const posts = 20_000;
/** Falco has one. */
const connectionCounts = [1, 4];
const bare = "node:http";
const modules = { [ours]: `peers/${ours}/server.js`, [bare]: "peers/bare-http/server.js" };

export const httpInput: Scene = {
  name: "http",
  title: "Falco's http_output, one POST an alert",
  about:
    "Posts from a process that writes ready bytes to sockets, one request at a time on a connection: on one, as Falco does it, and on four. The peer is node:http alone: it reads the body and answers 200, without a look at it.",
  async run(extent) {
    await using cast = new Cast();
    const count = extent.amount(posts);
    const contestants: Contestant[] = [];
    for (const [name, module] of Object.entries(modules)) {
      const server = cast.start<HttpRole>(module);
      const load = cast.start<HttpPosts>("load/http-posts.js");
      const port = await server.do("listenHttp");
      for (const connections of connectionCounts) {
        contestants.push(posting(`${name}, ${connections}`, server, load, { port, count, connections }));
      }
    }
    const measured = await measureRounds(contestants, extent);
    return toResult(
      measured,
      connectionCounts.map((count) => [`${ours}, ${count}`, `${bare}, ${count}`] as const),
    );
  },
};

interface Posting {
  readonly port: number;
  readonly count: number;
  readonly connections: number;
}

function posting(
  name: string,
  server: Player<HttpRole>,
  load: Player<HttpPosts>,
  { port, count, connections }: Posting,
): Contestant {
  return {
    name,
    run: async () => {
      const {
        result: seconds,
        cpuUs: [serverUs, loadUs],
      } = await cpuTimeOf([server, load], async () => {
        const startMs = performance.now();
        await load.do("post", port, count, connections);
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
