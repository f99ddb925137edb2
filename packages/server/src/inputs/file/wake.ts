import { type FSWatcher, watch } from "node:fs";
import { basename, dirname } from "node:path";

/** How long a change may stay unseen where the system tells of none (a network file system, a folder not there yet). */
const pollMs = 250;

/** Says when it is time to look at a file again: when something happens to it or to a name that begins like its own. */
export class Wake {
  readonly #folder: string;
  readonly #base: string;
  #watcher: FSWatcher | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #changed = false;
  #closed = false;
  #resolve: (() => void) | undefined;

  constructor(path: string) {
    this.#folder = dirname(path);
    this.#base = basename(path);
    this.#watch();
  }

  /** Resolves when something has happened since it resolved the last time; after 250 ms and `close` in any case. */
  async wait(): Promise<void> {
    if (!this.#changed && !this.#closed) {
      await new Promise<void>((resolve) => {
        this.#resolve = resolve;
        this.#timer = setTimeout(() => this.#wake(), pollMs);
      });
    }
    this.#changed = false;
    if (this.#watcher === undefined) this.#watch();
  }

  close(): void {
    this.#closed = true;
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#wake();
  }

  #wake(): void {
    clearTimeout(this.#timer);
    this.#changed = true;
    this.#resolve?.();
    this.#resolve = undefined;
  }

  /** The folder and not the file: the file's name may be another's soon. */
  #watch(): void {
    if (this.#closed) return;
    try {
      const watcher = watch(this.#folder, (event, name) => {
        if (name === null || name.startsWith(this.#base)) this.#wake();
        // The folder itself was renamed or removed: another one with its name has to be found.
        else if (event === "rename" && name === basename(this.#folder)) this.#unwatch(watcher);
      });
      watcher.on("error", () => this.#unwatch(watcher));
      this.#watcher = watcher;
    } catch {
      // No such folder, or the system has no watches left: polling does.
    }
  }

  #unwatch(watcher: FSWatcher): void {
    watcher.close();
    if (this.#watcher === watcher) this.#watcher = undefined;
  }
}
