import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { type FalcoOutputsServer, type Logger, type OutputStats, startServer } from "../../index.js";
import type { OutputsOptions } from "../create-outputs.js";

/** What a server logged: each entry's fields and message. */
export class Recorder implements Logger {
  readonly entries: string[] = [];
  readonly info = this.#add("info");
  readonly warn = this.#add("warn");
  readonly error = this.#add("error");

  #add(level: string) {
    return (fields: object, message: string) =>
      void this.entries.push(`${level}: ${message} ${JSON.stringify(fields)}`);
  }
}

/** A folder that goes after the test. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "falco-outputs-test-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A server that listens nowhere, and what it logs; stopped after the test. */
export async function serve(
  outputs: OutputsOptions,
): Promise<{ server: FalcoOutputsServer; logged: readonly string[] }> {
  const logger = new Recorder();
  const server = await startServer({ listen: [], outputs, logger });
  onTestFinished(() => server.stop());
  return { server, logged: logger.entries };
}

/** Waits until an output's counts are so. */
export async function countsOf(
  server: FalcoOutputsServer,
  output: string,
  expected: Partial<OutputStats>,
): Promise<void> {
  await expect
    .poll(() => server.stats().outputs[output], { timeout: 20_000, interval: 5 })
    .toMatchObject(expected);
}

/** Publishes Falco's lines of rules `0` to `count - 1`, each followed by some text. */
export async function publishNumbered(
  server: FalcoOutputsServer,
  count: number,
  text = "",
  first = 0,
): Promise<void> {
  for (let number = first; number < first + count; number++) {
    await server.publish(JSON.stringify({ rule: String(number), priority: "Notice", output: text }));
  }
}

/** The numbers of the rules in JSON lines, which must be whole. */
export function numbersIn(text: string): number[] {
  expect(text === "" || text.endsWith("\n")).toBe(true);
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => Number(JSON.parse(line).rule));
}

export function numbersInFile(path: string): number[] {
  return numbersIn(readFileSync(path, "utf8"));
}

export function upTo(count: number, first = 0): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}
