import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Alerts as Falco writes them: `alerts.jsonl` with `json_output: true`, `alerts.txt` without. */
export function fixturePath(name: "alerts.jsonl" | "alerts.txt"): string {
  return fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
}

export function fixtureLines(name: "alerts.jsonl" | "alerts.txt"): string[] {
  return readFileSync(fixturePath(name), "utf8").trimEnd().split("\n");
}

/** What senders other than Falco post, and Falco's text over several lines; each with the rules of its alerts. */
export const fixtureBodies = {
  "alert-over-lines-without-output": ["Cloud Resource Modified"],
  "falcosidekick-webhook": ["Cloud Resource Modified"],
  "fluentbit-json_stream": ["R1", "R2"],
  "fluentbit-vector-json-array": ["R1", "R2"],
  "json-array-over-lines": ["R1", "R2"],
  "lines-with-trailing-commas": ["R1", "R2"],
  "pretty-printed-alert": ["R1"],
  "text-alert-over-lines": [""],
  utf16le: ["R1"],
} as const;

export function fixtureBody(name: keyof typeof fixtureBodies): Buffer {
  return readFileSync(fileURLToPath(new URL(`../fixtures/bodies/${name}.body`, import.meta.url)));
}
