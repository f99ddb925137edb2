import { expect, it } from "vitest";
import { scratchFolder } from "../test-server.js";
import { CrashTrial } from "./trial.js";

// `npm run crash -- --minutes N --seed N` sets these.
const minutes = Number(process.env.CRASH_MINUTES ?? 0);
const seed = Number(process.env.CRASH_SEED ?? Math.floor(Math.random() * 2 ** 32));
const fewest = 12;

it(
  `loses nothing that was confirmed, whenever the server is killed (seed ${seed})`,
  async () => {
    const trial = new CrashTrial(scratchFolder(), seed);
    const end = Date.now() + minutes * 60_000;
    try {
      while (trial.crashes < fewest || Date.now() < end) {
        await trial.crash();
        if (minutes > 0 && trial.crashes % 20 === 0) console.log(`${trial.crashes} crashes`);
      }
      await trial.finish();
    } finally {
      await trial.end();
    }
    expect(trial.crashes).toBeGreaterThanOrEqual(fewest);
  },
  (minutes + 3) * 60_000,
);
