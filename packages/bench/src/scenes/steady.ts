import { setTimeout as delay } from "node:timers/promises";
import { cpuTimeOf } from "../measure/cpu-time.js";
import { measureRounds, type Sample } from "../measure/rounds.js";
import { median } from "../measure/statistics.js";
import { Cast } from "../process/cast.js";
import { type Scene, toResult } from "../scene.js";
import { type Chain, feedThrough, startChain } from "./end-to-end.js";
import { ours } from "./pairs.js";

const seconds = 60;
/** How often the processes' sizes are read. */
const readings = 12;
/** What the log holds by default. */
const capacity = 100_000;
const burst = 30_000;
const bursts = 5;
const mib = 1024 * 1024;

export const steady: Scene = {
  name: "steady",
  title: "A minute at half the top rate",
  about:
    "Falco's JSON on standard input, server, subscriber. The log is full from the beginning; first the top rate, then half of it for a minute. Growth is the largest size of a process in the last third of the minute over its largest before.",
  async run(extent) {
    await using cast = new Cast();
    const chain = await startChain(cast, ours, extent.amount(capacity));
    const rates: number[] = [];
    for (let index = 0; index < bursts; index++) {
      extent.progress(`top rate, burst ${index + 1} of ${bursts}`);
      rates.push((await feedThrough(chain, extent.amount(burst)))["alerts/s"]!);
    }
    const contestants = [
      { name: ours, run: () => holdRate(chain, median(rates.slice(1)) / 2, extent.amount(seconds)) },
    ];
    return toResult(await measureRounds(contestants, { ...extent, rounds: 1, warmUps: 0 }), []);
  },
};

async function holdRate(chain: Chain, perSecond: number, seconds: number): Promise<Sample> {
  const { feeder, server, client } = chain;
  const sizes: { server: number; client: number }[] = [];
  const watch = async () => {
    const startMs = performance.now();
    while (sizes.length < readings) {
      await delay(
        Math.max(0, startMs + ((sizes.length + 1) * seconds * 1000) / readings - performance.now()),
      );
      const [one, two] = await Promise.all([server.usage(), client.usage()]);
      sizes.push({ server: one.rssBytes, client: two.rssBytes });
    }
  };
  const {
    result: { lines, tookS },
    cpuUs: [serverUs, clientUs],
  } = await cpuTimeOf([server, client], async () => {
    const startMs = performance.now();
    const feed = async () => {
      const lines = await feeder.do("feedPaced", perSecond, seconds);
      await client.do("receive", lines);
      return { lines, tookS: (performance.now() - startMs) / 1000 };
    };
    const [fed] = await Promise.all([feed(), watch()]);
    return fed;
  });
  return {
    "alerts/s": lines / tookS,
    "server µs/alert": serverUs! / lines,
    "client µs/alert": clientUs! / lines,
    "server growth": growth(sizes.map((size) => size.server)),
    "client growth": growth(sizes.map((size) => size.client)),
    ...Object.fromEntries(
      sizes.flatMap((size, index) => {
        const at = `${((index + 1) * seconds) / readings} s`;
        return [
          [`server MiB at ${at}`, size.server / mib],
          [`client MiB at ${at}`, size.client / mib],
        ];
      }),
    ),
  };
}

/** 1 or less is none. Of the highest sizes: a process that was small in between, after a collection, did not grow. */
function growth(sizes: readonly number[]): number {
  const third = Math.floor(sizes.length / 3);
  return Math.max(...sizes.slice(-third)) / Math.max(...sizes.slice(0, -third));
}
