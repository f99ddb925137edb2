import { spawnSync } from "node:child_process";
import { closeSync, constants, openSync, writeSync } from "node:fs";
import { Socket } from "node:net";

/** A named pipe whose reader has not begun to read. */
export class UnreadPipe {
  /** The end to write to, for a process's stdio. It blocks, as a shell's does. */
  readonly writer: number;
  readonly #path: string;
  readonly #reader: number;

  constructor(path: string) {
    const { status, stderr } = spawnSync("mkfifo", [path], { encoding: "utf8" });
    if (status !== 0) throw new Error(`mkfifo ${path}: ${stderr}`);
    this.#reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    this.writer = openSync(path, constants.O_WRONLY);
    this.#path = path;
  }

  /** Fills it, so that whoever writes to it would have to wait. */
  fill(): void {
    const writer = openSync(this.#path, constants.O_WRONLY | constants.O_NONBLOCK);
    try {
      for (;;) writeSync(writer, "\n");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
    } finally {
      closeSync(writer);
    }
  }

  /** Begins to read. Only who has the end to write to from here on keeps it open. */
  read(): Socket {
    closeSync(this.writer);
    return new Socket({ fd: this.#reader, writable: false });
  }
}
