import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { formatVersion, LogId } from "./format.js";
import { LogDirectoryError } from "./log-directory-error.js";

/**
 * What may have been seen of the log, if this is the last that is known of it: `closed`, what is in the files; `synced`,
 * the same, also after a power failure; `written`, the same, unless the machine was started again since; `memory`, more.
 */
export type LogState = "closed" | "synced" | "written" | "memory";

const states: readonly LogState[] = ["closed", "synced", "written", "memory"];
const magic = Buffer.from("FALCOSTA");
const fileBytes = 88;
const unknownBoot = Buffer.alloc(36, "-");

export interface KnownState {
  readonly log: LogId;
  readonly state: LogState;
  /** The sequence number of the next alert, unless there are segments that go on from there. */
  readonly next: number;
  /** Whether the machine was started again since, as far as is known. */
  readonly rebooted: boolean;
}

/**
 * A small file beside the segments, always written in place: that needs no space on the disk.
 *
 * It decides whether numbers go on after a crash without a jump.
 */
export class StateFile {
  readonly #path: string;
  readonly log: LogId;

  constructor(directory: string, log: LogId) {
    this.#path = join(directory, "state");
    this.log = log;
  }

  /** @throws if it cannot be written. */
  async write(state: LogState, next: number, sync: boolean): Promise<void> {
    const bytes = Buffer.alloc(fileBytes);
    bytes.set(magic);
    bytes.writeUInt32LE(formatVersion, 8);
    bytes.writeUInt32LE(states.indexOf(state), 12);
    bytes.set(this.log.bytes, 16);
    bytes.set(await bootId(), 32);
    bytes.writeBigUInt64LE(BigInt(next), 72);
    bytes.writeUInt32LE(crc32(bytes.subarray(0, fileBytes - 4)), fileBytes - 4);
    let file: FileHandle | undefined;
    try {
      file = await open(this.#path, constants.O_RDWR | constants.O_CREAT, 0o600);
      await file.write(bytes, 0, bytes.length, 0);
      if (sync) await file.datasync();
    } finally {
      await file?.close();
    }
  }
}

/**
 * What the state file of a directory says; undefined if there is none, or it is damaged.
 * @throws LogDirectoryError if it is of another version.
 */
export async function readState(directory: string): Promise<KnownState | undefined> {
  const path = join(directory, "state");
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return Buffer.alloc(0);
    throw new LogDirectoryError(path, "access", "cannot be read", error);
  });
  if (bytes.length !== fileBytes || bytes.compare(magic, 0, 8, 0, 8) !== 0) return undefined;
  if (crc32(bytes.subarray(0, fileBytes - 4)) !== bytes.readUInt32LE(fileBytes - 4)) return undefined;
  checkVersion(path, bytes.readUInt32LE(8));
  const boot = await bootId();
  return {
    log: new LogId(Uint8Array.from(bytes.subarray(16, 32))),
    state: states[bytes.readUInt32LE(12)] ?? "memory",
    next: Number(bytes.readBigUInt64LE(72)),
    rebooted: boot.equals(unknownBoot) || !boot.equals(bytes.subarray(32, 68)),
  };
}

/** @throws LogDirectoryError if a file is of a version that is not this one. */
export function checkVersion(path: string, version: number): void {
  if (version === formatVersion) return;
  const explanation = `has version ${version} of the log's format, expected ${formatVersion}`;
  throw new LogDirectoryError(path, "version", explanation);
}

export function createLogId(): LogId {
  return new LogId(randomBytes(16));
}

async function bootId(): Promise<Buffer> {
  const text = await readFile("/proc/sys/kernel/random/boot_id", "latin1").catch(() => "");
  return /^[\da-f-]{36}$/.test(text.trim()) ? Buffer.from(text.trim()) : unknownBoot;
}
