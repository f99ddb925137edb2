import type { Scene, SceneResult } from "./scene.js";

interface Success {
  readonly scene: Scene;
  readonly result: SceneResult;
}

interface Failure {
  readonly scene: Scene;
  readonly failure: string;
}

/** What became of a scene. */
export type Outcome = Success | Failure;

export function failed(outcome: Outcome): outcome is Failure {
  return "failure" in outcome;
}
