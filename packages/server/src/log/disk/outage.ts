import type { LogState, StateFile } from "./state-file.js";

/** How long the file that tells of an outage may take; a disk that hangs takes longer. */
const markMs = 500;

/**
 * Whether the disk keeps up. Around an outage the state file is changed: before alerts are seen that are only in
 * memory, and after all of them are written.
 */
export class Outage {
  readonly #file: StateFile;
  readonly #normal: LogState;
  readonly #sync: boolean;
  readonly #next: () => number;
  readonly #onBegin: (cause: Error) => void;
  readonly #onEnd: () => void;
  /** What the state file says, as far as is known. */
  #told: LogState | undefined;
  #last: Promise<void> = Promise.resolve();
  #isOn = false;

  /**
   * @param told What the state file says.
   * @param normal What it says while there is no outage.
   * @param next The sequence number after the last that is written.
   */
  constructor(
    file: StateFile,
    told: LogState,
    normal: LogState,
    next: () => number,
    onBegin: (cause: Error) => void,
    onEnd: () => void,
  ) {
    this.#file = file;
    this.#told = told;
    this.#normal = normal;
    this.#sync = normal === "synced";
    this.#next = next;
    this.#onBegin = onBegin;
    this.#onEnd = onEnd;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  /** Whether the state file still says that alerts may be in memory only. */
  get isTold(): boolean {
    return this.#told !== this.#normal;
  }

  async begin(cause: Error): Promise<void> {
    if (this.#isOn) return;
    this.#isOn = true;
    const marked = this.#tell("memory").catch(() => undefined);
    await Promise.race([marked, new Promise((resolve) => setTimeout(resolve, markMs).unref())]);
    this.#onBegin(cause);
  }

  /** All that was seen is written. */
  end(): void {
    this.#isOn = false;
    this.#onEnd();
  }

  /** @throws if it cannot be written. */
  tellNormal(): Promise<void> {
    return this.#tell(this.#normal);
  }

  /** @throws if it cannot be written. */
  tellClosed(): Promise<void> {
    return this.#tell("closed");
  }

  /** There are no segments: only the state file knows where the numbers go on. */
  tellNext(): Promise<void> {
    const state = this.#told ?? "memory";
    this.#told = undefined;
    return this.#tell(state);
  }

  #tell(state: LogState): Promise<void> {
    const tell = async () => {
      if (this.#told === state) return;
      this.#told = undefined;
      await this.#file.write(state, this.#next(), this.#sync || state === "closed");
      this.#told = state;
    };
    const told = this.#last.then(tell);
    this.#last = told.catch(() => undefined);
    return told;
  }
}
