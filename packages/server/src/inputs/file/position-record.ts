import { crc32 } from "node:zlib";
import { maxFingerprintBytes, type Position } from "./position.js";

/** Every record is as long, in bytes, so that a new one covers the old one. */
export const recordBytes = 512;

/**
 * A position as the state file has it: `CRC JSON`, the checksum of the JSON in hexadecimal, padded with spaces and ended
 * by a newline. Numbers that may be above 2^53 are strings.
 */
export function toRecord({ inode, offset, mtimeNs, fingerprint }: Position): Buffer {
  const json = JSON.stringify({
    inode: String(inode),
    offset,
    mtimeNs: String(mtimeNs),
    fingerprint,
  });
  return Buffer.from(`${checksum(json)} ${json}`.padEnd(recordBytes - 1).concat("\n"));
}

/** Whether a file may be overwritten by a record: it is one, however broken, or empty, as after a power failure. */
export function isRecord(text: string): boolean {
  return /^\0*$|^[0-9a-f]{8} \{/.test(text);
}

/** @throws Error that says why it is not a record. */
export function fromRecord(text: string): Position {
  const [sum = "", json = ""] = text.trimEnd().split(/ (.*)/s);
  if (sum !== checksum(json)) throw new Error("its checksum is wrong");
  const { inode, offset, mtimeNs, fingerprint } = JSON.parse(json);
  const isSound =
    [inode, mtimeNs].every((value) => /^\d{1,20}$/.test(value)) &&
    Number.isSafeInteger(offset) &&
    offset >= 0 &&
    Number.isInteger(fingerprint?.bytes) &&
    fingerprint.bytes >= 0 &&
    fingerprint.bytes <= maxFingerprintBytes &&
    /^[0-9a-f]{64}$/.test(fingerprint.sha256);
  if (!isSound) throw new Error("it holds no position");
  return { inode: BigInt(inode), offset, mtimeNs: BigInt(mtimeNs), fingerprint };
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, "0");
}
