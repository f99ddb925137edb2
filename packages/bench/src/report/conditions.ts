import type { SceneResult } from "../scene.js";

/** What else was going on. */
export function conditions({ foreignCpu, repeatedRounds }: SceneResult): string {
  const others = `Other processes had at the most ${Math.round(foreignCpu * 100)} % of the machine`;
  if (repeatedRounds === 0) return `${others}.`;
  return `${others}; rounds that were repeated because they had more: ${repeatedRounds}.`;
}
