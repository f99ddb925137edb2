import type { Chunk } from "./chunks.js";

/** A file of the log, as it is known in memory. */
export class Segment {
  readonly chunks: Chunk[] = [];
  /** The size of the file. */
  fileBytes = 0;
  /** When the last alert was written at the latest, in milliseconds since 1970; undefined while more may come. */
  sealedAt: number | undefined;

  /** @param createdAt When the file was created, in milliseconds since 1970. */
  constructor(
    readonly path: string,
    readonly first: number,
    readonly createdAt: number,
  ) {}

  /** The sequence number after the last alert. */
  get end(): number {
    return this.chunks.at(-1)?.end ?? this.first;
  }

  get indexPath(): string {
    return this.path.replace(/\.log$/, ".index");
  }
}

/** The name of the segment that starts with a sequence number. Names are in the order of the numbers. */
export function segmentName(first: number): string {
  return `${String(first).padStart(16, "0")}.log`;
}

/** The sequence number in a segment's name; undefined for any other name. */
export function firstOf(name: string): number | undefined {
  return /^\d{16}\.log$/.test(name) ? Number(name.slice(0, 16)) : undefined;
}
