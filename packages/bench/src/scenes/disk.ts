import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import type { HttpPosts } from "../load/http-posts.js";
import { type Contestant, measureRounds } from "../measure/rounds.js";
import type { LogHolder } from "../peers/falco-outputs/log-holder.js";
import type { DiskRole, HttpRole, InputRole, Listen, Target } from "../peers/roles.js";
import { Cast } from "../process/cast.js";
import type { Player } from "../process/player.js";
import { temporaryFolder } from "../process/processes.js";
import { startFed } from "../process/standard-input.js";
import { type Extent, type Scene, toResult } from "../scene.js";
import { counting } from "./counting.js";
import { posting } from "./http-input.js";
import { unixSocket } from "./listeners.js";
import { ours, startServer } from "./pairs.js";
import { lines, reading } from "./stdin-input.js";

const posts = 20_000;
const alerts = 100_000;
/** Where all newest alerts are in memory, and where hardly any are. */
const many = 100_000;
const few = 1_000;
const gibibyte = 1024 ** 3;

/** Where a server has its log: in memory, or on a disk with so many alerts in memory. */
const logs: readonly { readonly name: string; readonly inMemory: number | undefined }[] = [
  { name: "memory", inMemory: undefined },
  { name: "disk", inMemory: many },
];

export const disk: Scene = {
  name: "disk",
  title: "The log on a disk beside the log in memory",
  about:
    "The same server twice, with either log: Falco's JSON on standard input, posts on one connection, and one subscriber that decodes nothing. Of the log on a disk, it reads the newest alerts, which are in memory as well, and old ones, which are not. `sync` is `interval`.",
  async run(extent) {
    await using cast = new Cast();
    const contestants: Contestant[] = [];
    for (const { name, inMemory } of logs) {
      contestants.push(await stdin(cast, name, inMemory, extent));
      contestants.push(await http(cast, name, inMemory, extent));
      contestants.push(await subscriber(cast, `${name}, newest`, inMemory, extent));
    }
    contestants.push(await subscriber(cast, "disk, old", few, extent));
    const measured = await measureRounds(contestants, extent);
    return toResult(measured, [
      ["disk, stdin", "memory, stdin"],
      ["disk, http", "memory, http"],
      ["disk, newest", "memory, newest"],
      ["disk, old", "memory, newest"],
    ]);
  },
};

async function stdin(cast: Cast, name: string, inMemory: number | undefined, extent: Extent) {
  const fed = startFed<InputRole & DiskRole & { listen(where: Listen): Promise<Target> }>(
    cast,
    `peers/${ours}/server.js`,
  );
  await keepOn(fed.player, inMemory);
  await fed.player.do("listen", unixSocket());
  return reading(`${name}, stdin`, fed, extent.amount(lines));
}

async function http(cast: Cast, name: string, inMemory: number | undefined, extent: Extent) {
  const server = cast.start<HttpRole & DiskRole>(`peers/${ours}/server.js`);
  const load = cast.start<HttpPosts>("load/http-posts.js");
  await keepOn(server, inMemory);
  const port = await server.do("listenHttp");
  const count = extent.amount(posts);
  const way = {
    name: "http",
    count,
    post: (from: Player<HttpPosts>, to: number) => from.do("post", to, count, 1),
  };
  return posting(name, way, server, load, port);
}

async function subscriber(cast: Cast, name: string, inMemory: number | undefined, extent: Extent) {
  const server = await startServer(cast, ours, unixSocket(), extent, alerts, (player) =>
    keepOn(player, inMemory),
  );
  const wanted = () => ({ after: 0 });
  return counting(cast, { name, server, subscribers: 1, wanted, expected: server.count });
}

async function keepOn(player: Player<DiskRole>, inMemory: number | undefined): Promise<void> {
  if (inMemory !== undefined) await player.do("keepOn", logFolder(), inMemory);
}

export const diskReopened: Scene = {
  name: "disk-reopened",
  title: "A log of 1 GiB on a disk, opened and read",
  about:
    "A server opens a log of 1 GiB that another one has written, and a subscriber in the same process reads all of it. Memory is that of the process, idle with the log and at the most while it is read. Beside it the writes that `sync: always` makes durable, one alert each, and what `fdatasync` alone allows: appends of as many bytes.",
  async run(extent) {
    const directory = logFolder();
    await using cast = new Cast();
    const bytes = extent.amount(gibibyte);
    const writer = cast.start<LogHolder>(`peers/${ours}/log-holder.js`);
    await writer.do("write", directory, bytes);
    const contestants: Contestant[] = [
      {
        name: ours,
        run: async () => {
          await using run = new Cast();
          const holder = run.start<LogHolder>(`peers/${ours}/log-holder.js`, { node: ["--expose-gc"] });
          const { openSeconds, readSeconds, alerts, idleBytes, peakBytes } = await holder.do(
            "read",
            directory,
          );
          return {
            "seconds to open": openSeconds,
            "alerts/s": alerts / readSeconds,
            "peak / idle memory": peakBytes / idleBytes,
          };
        },
      },
      {
        name: "sync: always",
        run: async () => ({ "writes/s": await writer.do("writeSynced", logFolder(), extent.amount(2_000)) }),
      },
      {
        name: "fdatasync",
        run: async () => ({ "writes/s": await writer.do("syncAlone", logFolder(), extent.amount(2_000)) }),
      },
    ];
    const measured = await measureRounds(contestants, { ...extent, warmUps: 0 });
    return toResult(measured, [["sync: always", "fdatasync"]]);
  },
};

function logFolder(): string {
  return mkdtempSync(join(temporaryFolder(), "log-"));
}
