import { measureRounds } from "../measure/rounds.js";
import type { WatchedServer } from "../peers/falco-outputs/watched-server.js";
import { Cast } from "../process/cast.js";
import { startFed } from "../process/standard-input.js";
import { type Scene, toResult } from "../scene.js";
import { ours } from "./pairs.js";
import { reading } from "./stdin-input.js";

const lines = 200_000;
const withMetrics = `${ours}, with metrics`;
const without = `${ours}, without`;

export const metrics: Scene = {
  name: "metrics",
  title: "Falco's JSON on standard input, to the log, with metrics and without",
  about:
    "The server with an operations listener, which counts each alert by seven labels, beside one without. The alerts are of more than a thousand series.",
  async run(extent) {
    await using cast = new Cast();
    const count = extent.amount(lines);
    const start = async (name: string, isWatched: boolean) => {
      const fed = startFed<WatchedServer>(cast, `peers/${ours}/watched-server.js`);
      await fed.player.do("start", isWatched);
      return reading(name, fed, count);
    };
    const contestants = [await start(withMetrics, true), await start(without, false)];
    return toResult(await measureRounds(contestants, extent), [[withMetrics, without]]);
  },
};
