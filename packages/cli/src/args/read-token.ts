import { readFileSync } from "node:fs";
import { UsageError } from "./usage-error.js";

/**
 * A token from its file, without the line end.
 * @param option What named the file, for the error.
 */
export function readToken(option: string, file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new UsageError(`${option} ${file} cannot be read: ${(error as Error).message}`);
  }
}
