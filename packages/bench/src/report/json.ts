import { failed, type Outcome } from "../outcome.js";
import { judge } from "./judge.js";
import { describeMachine } from "./machine.js";

/** One object: each scene by its name with its figures and ratios, beside them `machine` and `targets`. */
export function toJson(outcomes: readonly Outcome[], quick: boolean): string {
  const scenes = outcomes.map((outcome) => [
    outcome.scene.name,
    failed(outcome) ? { failure: outcome.failure } : outcome.result,
  ]);
  const targets = judge(outcomes).map(({ target, measured, isMet }) => ({ ...target, measured, isMet }));
  return JSON.stringify({ ...Object.fromEntries(scenes), machine: describeMachine(), targets, quick });
}
