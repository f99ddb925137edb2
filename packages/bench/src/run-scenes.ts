import { failed, type Outcome } from "./outcome.js";
import type { Extent, Scene } from "./scene.js";

export interface Length {
  readonly rounds: number;
  readonly quick: boolean;
}

const warmUps = 2;
const quickShare = 0.1;

/** Runs scenes one after the other; one that fails says why, and the others still run. Progress goes to stderr. */
export async function runScenes(scenes: readonly Scene[], { rounds, quick }: Length): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const [index, scene] of scenes.entries()) {
    const startMs = performance.now();
    const title = `[${index + 1}/${scenes.length}] ${scene.name}`;
    const extent: Extent = {
      rounds,
      warmUps: quick ? 1 : warmUps,
      amount: (full) => (quick ? Math.ceil(full * quickShare) : full),
      progress: (text) => showProgress(`${title}: ${text}`),
    };
    const outcome = await attempt(scene, extent);
    outcomes.push(outcome);
    const took = `${((performance.now() - startMs) / 1000).toFixed(1)} s`;
    showProgress("");
    console.error(failed(outcome) ? `${title}: FAILED: ${outcome.failure}` : `${title}: ${took}`);
  }
  return outcomes;
}

async function attempt(scene: Scene, extent: Extent): Promise<Outcome> {
  try {
    return { scene, result: await scene.run(extent) };
  } catch (error) {
    return { scene, failure: (error as Error).message ?? String(error) };
  }
}

/** On a terminal, one line that changes. */
function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}
