import { Code, FalcoError } from "@falco-outputs/core";

/**
 * Why a directory cannot be used: `locked`, another process has it; `version`, a file has another format; `other-log`, a
 * file is of another log; `damaged`, nothing tells which log it is; `access`, it cannot be read or written.
 */
export type LogDirectoryProblem = "locked" | "version" | "other-log" | "damaged" | "access";

/** The directory of an alert log cannot be used. */
export class LogDirectoryError extends FalcoError {
  /**
   * @param path The file or the directory that is wrong.
   * @param explanation What is wrong with it, in words.
   */
  constructor(
    readonly path: string,
    readonly problem: LogDirectoryProblem,
    explanation: string,
    cause?: unknown,
  ) {
    super(`${path}: ${explanation}`, Code.FailedPrecondition, { cause });
  }
}
