import { type FileHandle, open } from "node:fs/promises";
import { promisify } from "node:util";
import { constants, gunzip } from "node:zlib";
import { maxFingerprintBytes } from "./position.js";

/** What a file in gzip holds, as far as that is known without inflating it all. */
export interface GzipContent {
  /** How it begins, up to `maxFingerprintBytes`. */
  readonly head: Uint8Array;
  /** How many bytes it holds, less any multiple of 2^32; of several members the last one's. */
  readonly bytes: number;
}

/** More than 256 bytes ever take, with a header that has a file's name in it. */
const compressedHeadBytes = 4096;
/** Of the field that ends a member: its size before it was compressed (RFC 1952, section 2.3.1). */
const sizeBytes = 4;
const inflate = promisify(gunzip);

/** Looks into a file; undefined if it is not gzip or cannot be read: the input goes on without. */
export async function lookIntoGzip(path: string): Promise<GzipContent | undefined> {
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    const { size } = await file.stat();
    const begin = await read(file, 0, compressedHeadBytes);
    // It breaks off, which is an error unless what there is so far is asked for.
    const inflated = await inflate(begin, { finishFlush: constants.Z_SYNC_FLUSH });
    const end = await read(file, Math.max(0, size - sizeBytes), sizeBytes);
    return { head: inflated.subarray(0, maxFingerprintBytes), bytes: end.readUInt32LE() };
  } catch {
    return undefined;
  } finally {
    await file?.close();
  }
}

async function read(file: FileHandle, from: number, bytes: number): Promise<Buffer> {
  const { bytesRead, buffer } = await file.read(Buffer.alloc(bytes), 0, bytes, from);
  return buffer.subarray(0, bytesRead);
}
