import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { type Logger, Throttled } from "../../logger.js";
import type { Intake, PendingBatch } from "../intake.js";
import { unlessAbsent } from "./absence.js";
import { checkFileInput, type FileInputOptions } from "./file-input-options.js";
import { findFile } from "./find-file.js";
import { type FollowedFile, type LineTaker, openIfFilled, orClose } from "./followed-file.js";
import type { ReadFile } from "./missed-files.js";
import { openNext } from "./open-next.js";
import { nothingRead, type Position } from "./position.js";
import { resume } from "./resume.js";
import { StateFile } from "./state-file.js";
import { Wake } from "./wake.js";

/** How much is read at once, in bytes: far fewer alerts than an output has room for. */
const chunkBytes = 64 * 1024;
/** How many of the files that were read are recognized in compressed form. */
const maxReadFiles = 100;

/**
 * The file input: follows a file to which alerts are appended, one per line, through its rotation, and to wherever it
 * was moved while nobody was reading. It expects one writer, which is done with a file once it writes to the next.
 */
export class FileInput {
  readonly #path: string;
  readonly #from: "end" | "beginning";
  readonly #logger: Logger;
  readonly #failures: Throttled;
  readonly #intake: Intake;
  readonly #lines: PendingBatch;
  readonly #taker: LineTaker;
  readonly #state: StateFile | undefined;
  readonly #wake: Wake;
  readonly #buffer = Buffer.allocUnsafeSlow(chunkBytes);
  /** Where to go on; undefined before the first start has found out. */
  #position: Position | undefined;
  /** The files that were read to their end, in order. */
  readonly #read: ReadFile[] = [];
  /** Never an empty file: nothing would identify it. */
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
    this.#intake = intake;
    const lines = intake.collect();
    this.#lines = lines;
    this.#taker = {
      add: (bytes, start, end) => lines.add(bytes, start, end),
      reject: (reason) => lines.reject(reason),
    };
    this.#wake = new Wake(path);
  }

  /**
   * Resolves when the file is open, if it can be opened: what is appended from then on is read.
   * @throws FalcoError with InvalidArgument for a path that is not a file, and for a state that cannot be used.
   */
  static async start(
    options: FileInputOptions,
    option: string,
    intake: Intake,
    logger: Logger,
  ): Promise<FileInput> {
    await checkFileInput(options, option);
    const { path, state, from = "end" } = options;
    const stateFile =
      state === undefined ? undefined : await StateFile.open(state, logger, `${option}.state`);
    const input = new FileInput(resolve(path), from, stateFile, intake, logger);
    await input.#attempt(() => input.#open());
    input.#running = input.#run();
    return input;
  }

  /** Stops taking lines; those that it took are in the state. */
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

  /** Does the next piece of work; returns whether there may be more. */
  async #step(): Promise<boolean> {
    if (this.#file === undefined) await this.#open();
    const file = this.#file;
    if (file === undefined) return false;
    if (await this.#orLetGo(() => this.#take(file))) return true;
    const next = await openNext(this.#path, file, this.#read, this.#taker, this.#logger);
    if (next === undefined) return false;
    let isLeft = false;
    try {
      isLeft = await this.#orLetGo(() => this.#finish(file));
    } finally {
      if (!isLeft) await next.close();
    }
    if (!isLeft) return true;
    this.#keepRead(file.position);
    this.#file = next;
    await file.close();
    return true;
  }

  #keepRead({ fingerprint, offset }: Position): void {
    this.#read.push({ fingerprint, bytes: offset });
    if (this.#read.length > maxReadFiles) this.#read.shift();
  }

  /** After a failure, work starts again at the position, so that nothing is lost. */
  async #orLetGo(work: () => Promise<boolean>): Promise<boolean> {
    try {
      return await work();
    } catch (error) {
      await this.#letGo();
      throw error;
    }
  }

  /** Reads what is there, and takes it; returns whether there may be more. */
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
   * Takes the rest of a file once the writer is known to have gone on to the next: nothing comes after that. Returns
   * false if something else came first.
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
    await this.#intake.untilRoom();
  }

  #save(position: Position): void {
    const { inode, offset } = this.#position ?? {};
    const isSaved = position.inode === inode && position.offset === offset;
    this.#position = position;
    if (!isSaved) this.#state?.save(position);
  }

  async #open(): Promise<void> {
    const position = this.#position;
    this.#file =
      position === undefined
        ? await this.#openFirst()
        : await resume(this.#path, position, this.#taker, this.#logger);
    const isThere = this.#file !== undefined || (await stat(this.#path).catch(unlessAbsent)) !== undefined;
    if (!isThere && !this.#isAbsent) {
      this.#logger.info({ file: this.#path }, "waiting for a file that is not there");
    }
    this.#isAbsent = !isThere;
  }

  /** Opens the file for the first time ever. */
  async #openFirst(): Promise<FollowedFile | undefined> {
    const file = await openIfFilled(this.#path, this.#taker);
    if (file !== undefined && this.#from === "end") await orClose(file, () => file.seekEnd());
    // Saved before the first line: a restart must not miss what is written from here on.
    this.#save(file?.position ?? nothingRead(Date.now()));
    return file;
  }

  /** The file was truncated. If it was copied before that, the copy has what was not read yet. */
  async #beginAnew(file: FollowedFile): Promise<void> {
    const copy = await findFile(this.#path, file.position, this.#taker);
    if (copy !== undefined) {
      this.#logger.info(
        { file: this.#path },
        "a file was copied and truncated: the rest is read from the copy",
      );
      this.#file = copy;
      await file.close();
      return;
    }
    this.#logger.warn(
      { file: this.#path },
      "a file was truncated, and is read from its beginning: lines that were not read before are lost",
    );
    await file.beginAnew();
    if (!file.isEmpty) return;
    this.#save(nothingRead(Date.now()));
    await this.#letGo();
  }

  async #letGo(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }
}
