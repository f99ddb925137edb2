import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import { join } from "node:path";
import type { Feeder } from "../load/feeder.js";
import type { Cast } from "./cast.js";
import type { Commands, Player } from "./player.js";
import { temporaryFolder } from "./processes.js";

let pipes = 0;

/** Starts a process, and one that feeds its standard input with Falco's lines through a pipe, as `falco | it` would. */
export function startFed<Role extends Commands<Role>>(
  cast: Cast,
  module: string,
): { player: Player<Role>; feeder: Player<Feeder> } {
  const pipe = join(temporaryFolder(), `${++pipes}.pipe`);
  execFileSync("mkfifo", [pipe]);
  // A reader that does not wait for a writer, which then finds it there.
  const stdin = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  const stdout = openSync(pipe, constants.O_WRONLY);
  try {
    return {
      player: cast.start<Role>(module, { stdin }),
      feeder: cast.start<Feeder>("load/feeder.js", { stdout }),
    };
  } finally {
    closeSync(stdin);
    closeSync(stdout);
  }
}
