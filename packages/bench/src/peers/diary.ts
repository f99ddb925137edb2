import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import type { Target, Wanted } from "./roles.js";

/** Takes alerts, and writes each one down before it asks for the next: what is written outlives the process. */
export interface DiaryRole {
  connect(target: Target): void;
  /** Writes down what comes until the stream ends, if it does. */
  keep(wanted: Wanted, file: string): Promise<void>;
}

const entryBytes = 8;

export async function keepDiary(alerts: AsyncIterable<{ sequence: bigint }>, file: string): Promise<void> {
  const diary = openSync(file, "a");
  const entry = Buffer.alloc(entryBytes);
  for await (const { sequence } of alerts) {
    entry.writeBigUInt64LE(sequence);
    writeSync(diary, entry);
  }
  closeSync(diary);
}

/** How many different alerts several diaries have; those without a sequence number are all different. */
export function differentAlerts(files: readonly string[]): number {
  const numbered = new Set<bigint>();
  let unnumbered = 0;
  for (const file of files) {
    const diary = readFileSync(file);
    for (let at = 0; at < diary.length; at += entryBytes) {
      const sequence = diary.readBigUInt64LE(at);
      if (sequence === 0n) unnumbered++;
      else numbered.add(sequence);
    }
  }
  return numbered.size + unnumbered;
}

export function entriesIn(bytes: number): number {
  return Math.floor(bytes / entryBytes);
}
