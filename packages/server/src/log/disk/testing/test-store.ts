import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import type { GroupPlace } from "../../group-place.js";
import type { Unreadable } from "../chunk-reader.js";
import { DiskStore, type DiskStoreOptions, type StoreEvents } from "../disk-store.js";
import { numbersOf, TestSource } from "./test-source.js";

/** The numbers from `first` up to `last`. */
export function numbers(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** A folder that goes after the test. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "falco-outputs-log-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A store with its source, and what it told. */
export class TestStore implements StoreEvents {
  readonly source: TestSource;
  readonly groups = new Map<string, GroupPlace>();
  readonly skipped: [number, number][] = [];
  readonly unreadable: Unreadable[] = [];
  readonly outages: Error[] = [];
  readonly troubles: Error[] = [];
  outagesEnded = 0;
  written: number;
  #closed: Promise<void> | undefined;

  private constructor(readonly disk: DiskStore) {
    this.source = new TestSource(disk.next);
    this.written = disk.next;
    for (const [group, place] of disk.places) this.groups.set(group, place);
    disk.start(this.source, (group) => this.groups.get(group), this);
  }

  /** Opens a store, which is closed after the test. */
  static async open(directory: string, options: DiskStoreOptions = {}): Promise<TestStore> {
    const store = new TestStore(await DiskStore.open(directory, { retryMs: 20, ...options }));
    onTestFinished(() => store.close());
    return store;
  }

  get next(): number {
    return this.source.end;
  }

  /** Appends alerts, and waits until they are written. */
  async append(count: number, bytes?: number): Promise<void> {
    this.add(count, bytes);
    await this.settled();
  }

  /** The same without waiting. */
  add(count: number, bytes?: number): void {
    this.source.add(count, bytes);
    this.disk.wake();
  }

  async settled(): Promise<void> {
    await expect.poll(() => this.written, { timeout: 30_000, interval: 1 }).toBe(this.next);
  }

  /** The numbers of all alerts from `sequence` on that can be read. */
  async read(sequence = 0): Promise<number[]> {
    const read: number[] = [];
    for (let next = sequence; ; ) {
      const run = await this.disk.read(next);
      if (run === undefined) return read;
      read.push(...numbersOf(run).filter((number) => number >= next));
      next = run.end;
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.disk.close();
    return this.#closed;
  }

  onWritten(end: number): void {
    this.written = end;
  }
  onOutage(cause: Error): void {
    this.outages.push(cause);
  }
  onOutageEnd(): void {
    this.outagesEnded++;
  }
  onSkipped(first: number, last: number): void {
    this.skipped.push([first, last]);
  }
  onRemoved(): void {}
  onUnreadable(unreadable: Unreadable): void {
    this.unreadable.push(unreadable);
  }
  onTrouble(error: Error): void {
    this.troubles.push(error);
  }
}
