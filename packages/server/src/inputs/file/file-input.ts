import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { invalidOption } from "../../invalid-option.js";
import { type Logger, Throttled } from "../../logger.js";
import type { Intake, Lines } from "../intake.js";
import { unlessAbsent } from "./absence.js";
import { findFile } from "./find-file.js";
import type { FollowedFile, LineTaker } from "./followed-file.js";
import { openBehind, openIfThere } from "./open-behind.js";
import { isSameFile, nothingRead, type Position } from "./position.js";
import { filesBehind, filesSince, type RotatedFile } from "./rotated-files.js";
import { StateFile } from "./state-file.js";
import { Wake } from "./wake.js";

export interface FileInputOptions {
  /** What Falco's `file_output` writes to, or anyone else who appends an alert a line. It need not be there yet. */
  path: string;
  /**
   * The file that keeps the position, so that a restart neither loses nor repeats a line; `STATE.lock` beside it says that
   * it is in use. Each input needs one of its own. Default: none, and a restart is a first start again.
   */
  state?: string;
  /**
   * Where a first start begins to read a file that is there already: behind its last whole line, or with its first. One
   * that appears later is read from its beginning. Default: "end".
   */
  from?: "end" | "beginning";
}

/** What is read at once, in bytes. */
const chunkBytes = 256 * 1024;

/**
 * The file input: follows a file that alerts are appended to, one a line, through its rotation, and wherever it went
 * while nobody was reading. One writer is expected, which is done with a file once it writes to the next.
 */
export class FileInput {
  readonly #path: string;
  readonly #from: "end" | "beginning";
  readonly #logger: Logger;
  readonly #failures: Throttled;
  readonly #lines: Lines;
  readonly #taker: LineTaker;
  readonly #state: StateFile | undefined;
  readonly #wake: Wake;
  readonly #buffer = Buffer.allocUnsafeSlow(chunkBytes);
  /** Where to go on; undefined before the first start has found out. */
  #position: Position | undefined;
  #file: FollowedFile | undefined;
  #isAbsent = false;
  #isStopping = false;
  #running: Promise<void> | undefined;

  private constructor(
    path: string,
    from: "end" | "beginning",
    state: StateFile | undefined,
    intake: Intake,
    logger: Logger,
  ) {
    this.#path = path;
    this.#from = from;
    this.#state = state;
    this.#position = state?.position;
    this.#logger = logger;
    this.#failures = new Throttled((attempts, reason) =>
      logger.warn({ file: path, attempts, reason }, "a file cannot be read, and is tried again"),
    );
    const lines = intake.collect();
    this.#lines = lines;
    this.#taker = {
      add: (bytes, start, end) => lines.add(bytes, start, end),
      reject: (reason) => lines.reject(reason),
    };
    this.#wake = new Wake(path);
  }

  /**
   * Resolves when the file is opened, if it can be: what is appended from then on is read.
   * @throws FalcoError with InvalidArgument for a path that is no file, and for a state that cannot be used.
   */
  static async start(
    { path, state, from = "end" }: FileInputOptions,
    intake: Intake,
    logger: Logger,
  ): Promise<FileInput> {
    if (path === "") throw invalidOption('files: path "", expected the path of a file');
    if (state !== undefined && resolve(state) === resolve(path)) {
      throw invalidOption(
        `files: state ${JSON.stringify(state)} is the file that is read, expected another one`,
      );
    }
    const stats = await stat(path).catch(() => undefined);
    if (stats !== undefined && !stats.isFile()) {
      throw invalidOption(
        `files: path ${JSON.stringify(path)} is no regular file, expected one, or nothing yet`,
      );
    }
    const stateFile = state === undefined ? undefined : await StateFile.open(state, logger);
    const input = new FileInput(resolve(path), from, stateFile, intake, logger);
    await input.#attempt(() => input.#open());
    input.#running = input.#run();
    return input;
  }

  /** Takes no more lines; those that it took are in the state. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#wake.close();
    await this.#running;
    await this.#letGo();
    this.#failures.close();
    await this.#state?.close();
  }

  async #run(): Promise<void> {
    while (!this.#isStopping) {
      const hasMore = await this.#attempt(() => this.#step());
      if (hasMore !== true) await this.#wake.wait();
    }
  }

  async #attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.#failures.add(1, (error as Error).message);
      return undefined;
    }
  }

  /** Does what there is to do; gives whether there may be more. */
  async #step(): Promise<boolean> {
    if (this.#file === undefined) await this.#open();
    const file = this.#file;
    if (file === undefined) return false;
    if (await this.#orLetGo(() => this.#take(file))) return true;
    const next = await this.#openNext(file);
    if (next === undefined) return false;
    let isLeft = false;
    try {
      isLeft = await this.#orLetGo(() => this.#finish(file));
    } finally {
      if (!isLeft) await next.close();
    }
    if (!isLeft) return true;
    this.#file = next;
    await file.close();
    return true;
  }

  /** What fails is begun anew where the position is: nothing is lost by it. */
  async #orLetGo(work: () => Promise<boolean>): Promise<boolean> {
    try {
      return await work();
    } catch (error) {
      await this.#letGo();
      throw error;
    }
  }

  /** Reads on, and takes what is there; gives whether there may be more. */
  async #take(file: FollowedFile): Promise<boolean> {
    const chunk = await file.read(this.#buffer);
    if (this.#isStopping) return false;
    if (chunk === "truncated") {
      await this.#beginAnew(file);
      return true;
    }
    if (chunk.length === 0) return false;
    file.split(chunk);
    await this.#append(file);
    return true;
  }

  /**
   * Takes the rest of a file once the next one is known to be written to: nothing comes behind that. Gives false if
   * something else came first.
   */
  async #finish(file: FollowedFile): Promise<boolean> {
    while (await this.#take(file)) {
      if (this.#file !== file) return false;
    }
    if (this.#isStopping) return false;
    file.finish();
    await this.#append(file);
    return true;
  }

  async #append(file: FollowedFile): Promise<void> {
    const appended = this.#lines.append();
    if (appended instanceof Promise) await appended;
    this.#save(file.position);
  }

  #save(position: Position): void {
    const { inode, offset } = this.#position ?? {};
    const isSaved = position.inode === inode && position.offset === offset;
    this.#position = position;
    if (!isSaved) this.#state?.save(position);
  }

  async #open(): Promise<void> {
    this.#file = this.#position === undefined ? await this.#openFirst() : await this.#resume(this.#position);
    const isAbsent = this.#file === undefined;
    if (isAbsent && !this.#isAbsent)
      this.#logger.info({ file: this.#path }, "waiting for a file that is not there");
    this.#isAbsent = isAbsent;
  }

  /** Opens the file for the first time ever. */
  async #openFirst(): Promise<FollowedFile | undefined> {
    const file = await openIfThere(this.#path, this.#taker);
    if (file !== undefined && this.#from === "end") await file.seekEnd();
    // Saved before the first line: whatever comes from here on is not to be missed by a restart.
    this.#save(file?.position ?? nothingRead(Date.now()));
    return file;
  }

  /** Opens the file that was read before, or if it is gone, the first that came behind it. */
  async #resume(position: Position): Promise<FollowedFile | undefined> {
    const wasRead = position.inode !== 0n;
    const same = wasRead ? await findFile(this.#path, position, this.#taker) : undefined;
    if (same !== undefined) return same;
    const select = (files: readonly RotatedFile[]) => {
      const since = filesSince(files, position.mtimeNs);
      const filled = since.filter(isFilled);
      return filled.length > 0 ? filled : since.slice(-1);
    };
    const behind = await openBehind(this.#path, select, this.#taker);
    if (behind !== undefined && wasRead) {
      this.#logger.warn(
        { file: this.#path },
        "the file that was read is gone: lines of it may be lost, and the next is read from its beginning",
      );
    }
    return behind?.file;
  }

  /** Opens the file that the writer went on to, if it did: it is behind `file`, and not empty. */
  async #openNext(file: FollowedFile): Promise<FollowedFile | undefined> {
    const current = await stat(this.#path, { bigint: true }).catch(unlessAbsent);
    if (current !== undefined && isSameFile(current, file)) return undefined;
    const { dev, ino, position } = file;
    const select = (files: readonly RotatedFile[]) =>
      filesBehind(files, { dev, ino, mtimeNs: position.mtimeNs }).filter(isFilled);
    const behind = await openBehind(this.#path, select, this.#taker);
    if (behind !== undefined && behind.missed.length > 0) {
      this.#logger.warn(
        { file: this.#path, compressed: behind.missed },
        "files were compressed before they were read: their lines are lost",
      );
    }
    return behind?.file;
  }

  /** The file has been truncated. If it was copied before, the copy has what was not read yet. */
  async #beginAnew(file: FollowedFile): Promise<void> {
    const copy = await findFile(this.#path, file.position, this.#taker);
    if (copy === undefined) {
      this.#logger.warn(
        { file: this.#path },
        "a file was truncated, and is read from its beginning: lines that were not read before are lost",
      );
      await file.beginAnew();
    } else {
      this.#logger.info(
        { file: this.#path },
        "a file was copied and truncated: the rest is read from the copy",
      );
      this.#file = copy;
      await file.close();
    }
  }

  async #letGo(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }
}

function isFilled({ stats }: RotatedFile): boolean {
  return stats.size > 0n;
}
