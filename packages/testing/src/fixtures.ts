import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Alerts as Falco writes them: `alerts.jsonl` with `json_output: true`, `alerts.txt` without. */
export function fixturePath(name: "alerts.jsonl" | "alerts.txt"): string {
  return fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
}

export function fixtureLines(name: "alerts.jsonl" | "alerts.txt"): string[] {
  return readFileSync(fixturePath(name), "utf8").trimEnd().split("\n");
}
