import { accessSync, constants, statSync } from "node:fs";
import { dirname } from "node:path";
import { listOf } from "../config/items-of.js";
import type { Serving } from "../config/serving.js";

/** What cannot be written or read of the files that a configuration names. */
export function fileProblems({ server, items }: Serving): string[] {
  const problems: (string | undefined)[] = [];
  for (const [index, { filename }] of listOf(server.outputs?.file).entries()) {
    problems.push(unwritable(`${items.file_output![index]}.filename`, filename));
  }
  for (const [index, { path, state }] of (server.inputs?.files ?? []).entries()) {
    const key = items["inputs.file"]![index]!;
    problems.push(unreadable(`${key}.filename`, path));
    if (state !== undefined) problems.push(unwritable(`${key}.state_file`, state));
  }
  return problems.filter((problem) => problem !== undefined);
}

/** A file that is not there yet is written to its folder. */
function unwritable(key: string, path: string): string | undefined {
  const isThere = statSync(path, { throwIfNoEntry: false }) !== undefined;
  const place = isThere ? path : dirname(path);
  const reason = accessProblem(place, constants.W_OK);
  return (
    reason &&
    `${key}: ${JSON.stringify(path)} cannot be written: ${isThere ? "" : `its folder ${place}: `}${reason}`
  );
}

/** The input waits for a file that is not there, but its folder should be. */
function unreadable(key: string, path: string): string | undefined {
  const isThere = statSync(path, { throwIfNoEntry: false }) !== undefined;
  const reason = accessProblem(isThere ? path : dirname(path), constants.R_OK);
  return reason && `${key}: ${JSON.stringify(path)} cannot be read: ${reason}`;
}

function accessProblem(path: string, mode: number): string | undefined {
  try {
    accessSync(path, mode);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
}
