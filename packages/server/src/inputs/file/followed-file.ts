import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { LineSplitter, type OnLine } from "../line-splitter.js";
import { maxLineBytes } from "../lines.js";
import { markedEncoding } from "../utf8.js";
import { unlessAbsent } from "./absence.js";
import { fingerprintOf, maxFingerprintBytes, type Position } from "./position.js";

const newline = 0x0a;
/** How long UTF-8's byte order mark is. */
const markBytes = 3;

/** Takes the lines of a file. */
export interface LineTaker {
  add: OnLine;
  reject(reason: string): void;
}

/** An open file that is appended to, and how far it was read. It stays the same file when it is renamed. */
export class FollowedFile {
  readonly #handle: FileHandle;
  readonly #taker: LineTaker;
  readonly dev: bigint;
  readonly ino: bigint;
  #splitter: LineSplitter;
  /** After what was read; what lies between `#taken` and it is the beginning of a line. */
  #read = 0;
  #taken = 0;
  /** The beginning of the file, as far as it was seen: it never changes unless the file is truncated. */
  #head = new Uint8Array(0);
  #fingerprint = fingerprintOf(this.#head);
  #size = 0;
  #mtimeNs = 0n;
  #isRejected = false;
  /** When the file was last written, once all of it was read: until that changes, there is nothing to read. */
  #readAtNs: bigint | undefined;

  private constructor(handle: FileHandle, { dev, ino }: { dev: bigint; ino: bigint }, taker: LineTaker) {
    this.#handle = handle;
    this.dev = dev;
    this.ino = ino;
    this.#taker = taker;
    this.#splitter = this.#newSplitter();
  }

  /** @throws Error if it cannot be opened, or is not a regular file. */
  static async open(path: string, taker: LineTaker): Promise<FollowedFile> {
    // If it has become a named pipe, opening it must not wait for a writer.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stats = await handle.stat({ bigint: true });
      if (!stats.isFile()) throw new Error(`${path} is not a regular file`);
      const file = new FollowedFile(handle, stats, taker);
      file.#mtimeNs = stats.mtimeNs;
      file.#keepHead(await file.#readHead());
      return file;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  get isEmpty(): boolean {
    return this.#head.length === 0;
  }

  /** After the last line that was taken. */
  get position(): Position {
    return {
      inode: this.ino,
      offset: this.#taken,
      mtimeNs: this.#mtimeNs,
      fingerprint: this.#fingerprint,
    };
  }

  /** Whether one of the files begins with the other's beginning, as a copy does. */
  beginsLike(other: FollowedFile): boolean {
    const bytes = Math.min(this.#head.length, other.#head.length);
    return bytes > 0 && Buffer.compare(this.#head.subarray(0, bytes), other.#head.subarray(0, bytes)) === 0;
  }

  /** Goes to a position, if it is one of this file or of a file that this is a copy of; returns whether it is. */
  async goTo({ offset, fingerprint }: Position): Promise<boolean> {
    const { size } = await this.#handle.stat();
    const { bytes, sha256 } = fingerprint;
    if (size < offset || this.#head.length < bytes) return false;
    if (fingerprintOf(this.#head.subarray(0, bytes)).sha256 !== sha256) return false;
    this.#seek(offset);
    return true;
  }

  /** Goes back to the beginning of a file that was truncated. */
  async beginAnew(): Promise<void> {
    this.#keepHead(await this.#readHead());
    this.#seek(0);
  }

  /** Goes on after the last line that is whole now: one that is being written is not cut. */
  async seekEnd(): Promise<void> {
    const { size } = await this.#handle.stat();
    const block = Buffer.allocUnsafe(64 * 1024);
    for (let end = size; end > 0; end -= block.length) {
      const start = Math.max(0, end - block.length);
      const { bytesRead } = await this.#handle.read(block, 0, end - start, start);
      const last = block.subarray(0, bytesRead).lastIndexOf(newline);
      if (last !== -1) return this.#seek(start + last + 1);
      if (size - start > maxLineBytes) return this.#seek(size);
    }
    return this.#seek(0);
  }

  /** Reads on; returns what it read, in `buffer`: nothing at the end. "truncated" if the content is no longer the same. */
  async read(buffer: Buffer): Promise<Uint8Array | "truncated"> {
    // A file that is known to be larger need not be asked again.
    if (this.#size <= this.#read) {
      const { size, mtimeNs } = await this.#handle.stat({ bigint: true });
      this.#size = Number(size);
      this.#mtimeNs = mtimeNs;
      if (this.#size < this.#read) return "truncated";
      if (this.#size === this.#read && this.#readAtNs === mtimeNs) return buffer.subarray(0, 0);
    }
    const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, this.#read);
    // Compared after the read: a file that was truncated before it, and written again, begins differently.
    const head = await this.#readHead();
    const known = this.#head.length;
    if (head.length < known || Buffer.compare(head.subarray(0, known), this.#head) !== 0) return "truncated";
    this.#read += bytesRead;
    if (this.#read === this.#size) this.#readAtNs = this.#mtimeNs;
    if (bytesRead < buffer.length) this.#size = this.#read;
    if (head.length > known) this.#keepHead(head);
    return buffer.subarray(0, bytesRead);
  }

  /** Passes on the lines that are whole with what `read` returned. */
  split(chunk: Uint8Array): void {
    const encoding = markedEncoding(this.#head);
    const from = this.#read - chunk.length;
    if (encoding === undefined) {
      this.#splitter.write(chunk);
    } else if (encoding === "utf-8") {
      this.#splitter.write(chunk.subarray(Math.max(0, markBytes - from)));
    } else {
      // Positions are counted by line ends in UTF-8: a file in UTF-16 is rejected as a whole.
      if (!this.#isRejected) this.#taker.reject("the file is in UTF-16, expected UTF-8");
      this.#isRejected = true;
    }
    const last = chunk.lastIndexOf(newline);
    if (last !== -1) this.#taken = from + last + 1;
  }

  /** Nothing more will be written: passes on the last line even without a line end. */
  finish(): void {
    this.#splitter.end();
    this.#taken = this.#read;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  #newSplitter(): LineSplitter {
    return new LineSplitter(maxLineBytes, this.#taker.add, () =>
      this.#taker.reject(`a line is longer than ${maxLineBytes} bytes`),
    );
  }

  #seek(offset: number): void {
    this.#splitter = this.#newSplitter();
    this.#read = offset;
    this.#taken = offset;
    this.#size = 0;
    this.#readAtNs = undefined;
    this.#isRejected = false;
  }

  async #readHead(): Promise<Uint8Array<ArrayBuffer>> {
    const head = new Uint8Array(maxFingerprintBytes);
    const { bytesRead } = await this.#handle.read(head, 0, head.length, 0);
    return head.subarray(0, bytesRead);
  }

  #keepHead(head: Uint8Array<ArrayBuffer>): void {
    this.#head = head;
    this.#fingerprint = fingerprintOf(head);
  }
}

/** Opens a file; undefined if it is not there, or empty. @throws Error as `FollowedFile.open`. */
export async function openIfFilled(path: string, taker: LineTaker): Promise<FollowedFile | undefined> {
  const file = await FollowedFile.open(path, taker).catch(unlessAbsent);
  if (file?.isEmpty !== true) return file;
  await file.close();
  return undefined;
}

/** Does what needs a file to be open, and closes it if that fails. */
export async function orClose<T>(file: FollowedFile, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await file.close();
    throw error;
  }
}
