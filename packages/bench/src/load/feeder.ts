import { writeSync } from "node:fs";
import { makeAlerts } from "../alerts.js";
import { paced } from "../peers/paced.js";
import { playRole } from "../process/role.js";

const stdout = 1;
/** How many lines are written together when there is no pace. */
const linesAtOnce = 256;
/** How often lines go when there is one. */
const ticksPerSecond = 100;

/** Writes Falco's lines to its standard output, as Falco does: it waits while no one reads. */
class Feeder {
  readonly #lines = makeAlerts().lines.map((line) => Buffer.from(`${line}\n`));
  readonly #chunks: Buffer[] = [];
  #next = 0;

  constructor() {
    for (let at = 0; at < this.#lines.length; at += linesAtOnce)
      this.#chunks.push(Buffer.concat(this.#lines.slice(at, at + linesAtOnce)));
  }

  /** Writes at least `count` lines, as fast as they are taken; returns how many, and when it began. */
  feed(count: number): { lines: number; atNs: bigint } {
    const chunks = Math.ceil(count / linesAtOnce);
    const atNs = process.hrtime.bigint();
    for (let index = 0; index < chunks; index++) write(this.#chunks[index % this.#chunks.length]!);
    return { lines: chunks * linesAtOnce, atNs };
  }

  /** Writes lines for so many seconds; returns how many. */
  async feedPaced(perSecond: number, seconds: number): Promise<number> {
    const perTick = Math.round(perSecond / ticksPerSecond);
    const ticks = seconds * ticksPerSecond;
    await paced(ticksPerSecond, ticks, () => {
      const lines = Array.from({ length: perTick }, () => this.#lines[this.#next++ % this.#lines.length]!);
      write(Buffer.concat(lines));
    });
    return ticks * perTick;
  }
}

function write(bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(stdout, bytes, at);
}

export type { Feeder };

playRole(new Feeder());
