import { printableJson } from "@falco-outputs/core/printable";

/** One JSON object as a line. What peers caused to be logged cannot command a terminal. */
export function jsonLine(level: "info" | "warn" | "error", fields: object, msg: string): string {
  const json = JSON.stringify({ level, time: new Date().toISOString(), ...fields, msg }, withBigInts);
  return `${printableJson(json)}\n`;
}

/** Sequence numbers and counts, which are far below 2^53. */
function withBigInts(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? Number(value) : value;
}
