import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { OptionError } from "@falco-outputs/core/options";

export interface FileInputOptions {
  /** What Falco's `file_output` writes to, or anyone else who appends an alert a line. It need not be there yet. */
  path: string;
  /**
   * The file that keeps the position, so that a restart neither loses nor repeats a line; `STATE.lock` beside it says that
   * it is in use. Each input needs one of its own. Default: none, and a restart is a first start again.
   */
  state?: string;
  /**
   * Where a first start begins to read a file that is there already: after its last whole line, or with its first. One
   * that appears later is read from its beginning. Default: "end".
   */
  from?: "end" | "beginning";
}

/**
 * @param option What the options are called, e.g. `inputs.files[0]`.
 * @throws OptionError for a path that is not a file, and for a state that is that file.
 */
export async function checkFileInput({ path, state }: FileInputOptions, option: string): Promise<void> {
  if (path === "") {
    throw new OptionError({ option: `${option}.path`, got: path, expected: "the path of a file" });
  }
  if (state !== undefined && resolve(state) === resolve(path)) {
    throw new OptionError({
      option: `${option}.state`,
      got: state,
      expected: `another file than {${option}.path}`,
    });
  }
  // What cannot be looked at may be there later, and is told then.
  const stats = await stat(path).catch(() => undefined);
  if (stats !== undefined && !stats.isFile()) {
    throw new OptionError({
      option: `${option}.path`,
      got: path,
      expected: "a regular file, or nothing yet",
    });
  }
}
