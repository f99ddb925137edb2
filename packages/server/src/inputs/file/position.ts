import { createHash } from "node:crypto";
import type { BigIntStats } from "node:fs";

/** How far a file was read, and which file it was. */
export interface Position {
  /** 0 if nothing was read of any file yet. */
  readonly inode: bigint;
  /** After the last line that was taken, in bytes. */
  readonly offset: number;
  /** When the file was last written, as far as was seen: whatever was written later is newer. Since 1970. */
  readonly mtimeNs: bigint;
  readonly fingerprint: Fingerprint;
}

/** A file that is only appended to is known by how it begins. */
export interface Fingerprint {
  /** How much of it counts, at most `maxFingerprintBytes`. */
  readonly bytes: number;
  /** Of these bytes, in hexadecimal; a hash, so that no alert's content is kept. */
  readonly sha256: string;
}

export const maxFingerprintBytes = 256;

export function fingerprintOf(head: Uint8Array): Fingerprint {
  return { bytes: head.length, sha256: createHash("sha256").update(head).digest("hex") };
}

/** The position of an input that waits for its file: what was written before `now` is not for it. */
export function nothingRead(now: number): Position {
  return {
    inode: 0n,
    offset: 0,
    mtimeNs: BigInt(now) * 1_000_000n,
    fingerprint: fingerprintOf(new Uint8Array(0)),
  };
}

export function isSameFile(
  one: Pick<BigIntStats, "dev" | "ino">,
  other: Pick<BigIntStats, "dev" | "ino">,
): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}
