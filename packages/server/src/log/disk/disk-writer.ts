import { blockHeaderBytes, type LogId, maxBlockFrames } from "./format.js";
import type { Outage } from "./outage.js";
import type { Recovered } from "./recover.js";
import type { Segment } from "./segment.js";
import { type Block, SegmentWriter, syncDirectory } from "./segment-writer.js";
import type { Retention, Segments } from "./segments.js";

/** How many bytes of frames are written at once, about. */
const maxWriteBytes = 1024 * 1024;

/** When written alerts are made safe from a power failure: with each write, at an interval, or by the system. */
export type Sync = "always" | "interval" | "never";

export type SourceBlock = Omit<Block, "jumped" | "writtenUs">;

/** Where the alerts to be written come from. */
export interface BlockSource {
  /**
   * The next frames from `sequence` on, or from the oldest that are still held; at most `maxBytes` of them, or a
   * single one that is larger. Undefined if there are none.
   */
  blockFrom(sequence: number, maxBytes: number): SourceBlock | undefined;
}

export interface WriterOptions {
  readonly sync: Sync;
  readonly syncIntervalMs: number;
  readonly segmentBytes: number;
  readonly retention: Retention;
  /** How long a write may take before alerts no longer wait for it. */
  readonly slowMs: number;
  /** How long after a failure the disk is tried again. */
  readonly retryMs: number;
}

export interface WriterEvents {
  /** All alerts before this sequence number are written. */
  onWritten(end: number): void;
  /** Alerts that memory could not hold until the disk took them again. */
  onSkipped(first: number, last: number): void;
  /** The disk is about to be tried again; if this throws, that waits. */
  onRetry(): Promise<void>;
  /** Retention removed these. */
  onRemoved(segments: readonly Segment[]): void;
  /** Something failed that does not keep alerts from being written. */
  onTrouble(error: Error): void;
}

/** Writes what a source has, as fast as the disk takes it: what comes during a write is the next one. */
export class DiskWriter {
  readonly #directory: string;
  readonly #log: LogId;
  readonly #segments: Segments;
  readonly #source: BlockSource;
  readonly #outage: Outage;
  readonly #options: WriterOptions;
  readonly #events: WriterEvents;
  #file: SegmentWriter | undefined;
  #next: number;
  #jumps: boolean;
  #isRunning = false;
  #run: Promise<void> = Promise.resolve();
  /** The file that was written before, as long as it is being sealed. */
  #sealing: Promise<void> = Promise.resolve();
  #retry: NodeJS.Timeout | undefined;
  #beat: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    directory: string,
    recovered: Recovered,
    file: SegmentWriter | undefined,
    source: BlockSource,
    outage: Outage,
    options: WriterOptions,
    events: WriterEvents,
  ) {
    this.#directory = directory;
    this.#log = recovered.log;
    this.#segments = recovered.segments;
    this.#file = file;
    this.#next = recovered.next;
    this.#jumps = recovered.jumped;
    this.#source = source;
    this.#outage = outage;
    this.#options = options;
    this.#events = events;
  }

  /** The sequence number of the next alert to be written. */
  get next(): number {
    return this.#next;
  }

  /** There is more to write. */
  wake(): void {
    if (this.#isRunning || this.#retry !== undefined || this.#closed) return;
    this.#isRunning = true;
    this.#run = this.#writeAll();
  }

  /** Applies the retention, and seals a file that is old enough. */
  async tidy(): Promise<void> {
    const { ageMs } = this.#options.retention;
    const isOld = (file: SegmentWriter) =>
      ageMs !== undefined && file.segment.createdAt < Date.now() - ageMs / 8;
    if (!this.#isRunning && this.#file !== undefined && isOld(this.#file)) this.#sealFile();
    const removed = this.#segments.retain(this.#options.retention, Date.now());
    if (removed.length > 0) this.#events.onRemoved(removed);
  }

  /** Writes what the source still has, if the disk takes it. */
  async close(): Promise<void> {
    await this.#run;
    this.#closed = true;
    clearTimeout(this.#retry);
    clearTimeout(this.#beat);
    this.#sealFile();
    await this.#sealing;
    const isComplete = !this.#outage.isOn && !this.#outage.isTold;
    if (isComplete && this.#options.sync !== "never") await this.#outage.tellClosed();
  }

  async #writeAll(): Promise<void> {
    try {
      for (;;) {
        const blocks = this.#gather();
        if (blocks.length > 0) {
          await this.#write(blocks);
        } else if (this.#outage.isOn) {
          this.#outage.end();
          await this.#tellNormal();
        } else {
          return;
        }
      }
    } catch (error) {
      await this.#fail(error as Error);
    } finally {
      // Not later: a call of `wake` would be lost in between.
      this.#isRunning = false;
    }
  }

  #gather(): Block[] {
    const blocks: Block[] = [];
    const writtenUs = Date.now() * 1000;
    let next = this.#next;
    for (let bytes = 0; bytes < maxWriteBytes; ) {
      const block = this.#source.blockFrom(next, maxBlockFrames);
      if (block === undefined) break;
      blocks.push({ ...block, writtenUs, jumped: this.#jumps && blocks.length === 0 });
      bytes += block.frames.length;
      next = block.first + block.count;
    }
    return blocks;
  }

  async #write(blocks: readonly Block[]): Promise<void> {
    const { sync, slowMs } = this.#options;
    const { first } = blocks[0]!;
    const slow = setTimeout(() => {
      void this.#outage.begin(new Error(`the disk has taken more than ${slowMs} ms for a write`));
    }, slowMs);
    try {
      const file = await this.#fileFor(blocks);
      await file.write(blocks, sync === "always");
      this.#jumps = false;
      await this.#tellNormal();
    } finally {
      clearTimeout(slow);
    }
    if (first > this.#next) this.#events.onSkipped(this.#next, first - 1);
    this.#next = blocks.at(-1)!.first + blocks.at(-1)!.count;
    this.#events.onWritten(this.#next);
    this.#beat ??= setTimeout(() => void this.#onBeat(), this.#options.syncIntervalMs).unref();
  }

  /** Once a block tells of the jump, nothing else has to. */
  async #tellNormal(): Promise<void> {
    if (!this.#outage.isOn && this.#outage.isTold && !this.#jumps) await this.#outage.tellNormal();
  }

  async #fileFor(blocks: readonly Block[]): Promise<SegmentWriter> {
    const bytes = blocks.reduce((sum, { frames }) => sum + blockHeaderBytes + frames.length, 0);
    if (this.#file?.hasRoom(bytes, this.#options.segmentBytes) === false) {
      // One at a time: a disk that is slow to sync slows the writes.
      await this.#sealing;
      this.#sealFile();
    }
    if (this.#file === undefined) {
      const file = await SegmentWriter.create(this.#directory, this.#log, blocks[0]!.first);
      this.#file = file;
      this.#segments.add(file.segment);
      if (this.#options.sync !== "never") await syncDirectory(this.#directory);
      await this.tidy();
    }
    return this.#file;
  }

  #sealFile(): void {
    const file = this.#file;
    this.#file = undefined;
    if (file === undefined) return;
    const sealed = file.seal(this.#options.sync !== "never").catch((error) => this.#events.onTrouble(error));
    this.#sealing = Promise.all([this.#sealing, sealed]).then(() => undefined);
  }

  /** After the first of some writes: syncs them, and sees whether the file is still there. */
  async #onBeat(): Promise<void> {
    this.#beat = undefined;
    const file = this.#file;
    if (file === undefined) return;
    try {
      await file.check();
      if (this.#options.sync === "interval") await file.sync();
    } catch (error) {
      // While a write is under way, the file is its own.
      await this.#run;
      if (this.#file === file) await this.#abandon(file);
      await this.#fail(error as Error);
    }
  }

  async #fail(cause: Error): Promise<void> {
    if (this.#closed) return;
    this.#retry ??= setTimeout(() => void this.#tryAgain(), this.#options.retryMs).unref();
    await this.#outage.begin(cause);
  }

  async #tryAgain(): Promise<void> {
    const file = this.#file;
    try {
      await this.#events.onRetry();
      if (file !== undefined) await file.cutBack().catch(() => this.#abandon(file));
      this.#retry = undefined;
      this.wake();
    } catch (error) {
      this.#retry = undefined;
      await this.#fail(error as Error);
    }
  }

  /** Another file takes its place. What may be missing in it is written again, as far as memory has it. */
  async #abandon(file: SegmentWriter): Promise<void> {
    this.#file = undefined;
    const { segment, doubtfulFrom } = file;
    const again = Math.max(doubtfulFrom, this.#source.blockFrom(doubtfulFrom, 1)?.first ?? this.#next);
    this.#next = Math.min(this.#next, again);
    await file.abandon(again).catch((error) => this.#events.onTrouble(error));
    if (segment.chunks.length === 0) this.#segments.remove(segment);
  }
}
