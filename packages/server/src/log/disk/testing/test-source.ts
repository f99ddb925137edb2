import type { FrameRun } from "../../frame-run.js";
import type { BlockSource, SourceBlock } from "../disk-writer.js";

const prefixBytes = 5;

/** A frame that says its number. */
export function frameOf(sequence: number, bytes = 40): Buffer {
  const message = Buffer.from(`alert ${sequence} `.padEnd(bytes, "x"));
  const frame = Buffer.alloc(prefixBytes + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, prefixBytes);
  return frame;
}

/** The numbers of the frames in a run, each of which must say its own. */
export function numbersOf(run: FrameRun): number[] {
  return Array.from({ length: run.end - run.first }, (_, index) => {
    const sequence = run.first + index;
    const message = Buffer.from(run.frame(sequence)).subarray(prefixBytes).toString();
    if (!message.startsWith(`alert ${sequence} `)) throw new Error(`${sequence} is: ${message.slice(0, 60)}`);
    return sequence;
  });
}

/** The time of each test alert, in microseconds. */
export function timeOf(sequence: number): number {
  return sequence * 1000;
}

/** Alerts in memory, the oldest of which can be forgotten. */
export class TestSource implements BlockSource {
  #frames: Buffer[] = [];
  #first: number;

  constructor(next: number) {
    this.#first = next;
  }

  get end(): number {
    return this.#first + this.#frames.length;
  }

  add(count: number, bytes?: number): void {
    for (let index = 0; index < count; index++) this.#frames.push(frameOf(this.end, bytes));
  }

  /** Holds none before `first` any more. */
  forget(first: number): void {
    this.#frames.splice(0, Math.max(0, first - this.#first));
    this.#first = Math.max(first, this.#first);
  }

  blockFrom(sequence: number, maxBytes: number): SourceBlock | undefined {
    const first = Math.max(sequence, this.#first);
    const frames: Buffer[] = [];
    let bytes = 0;
    for (const frame of this.#frames.slice(first - this.#first)) {
      if (frames.length > 0 && bytes + frame.length > maxBytes) break;
      frames.push(frame);
      bytes += frame.length;
    }
    if (frames.length === 0) return undefined;
    return {
      first,
      count: frames.length,
      frames: Buffer.concat(frames),
      leastUs: timeOf(first),
      greatestUs: timeOf(first + frames.length - 1),
    };
  }
}
