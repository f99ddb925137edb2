import type { Command } from "commander";
import { definitionOf } from "../args/definition.js";
import { say } from "../print/line-writer.js";
import { bashScript } from "./bash.js";
import { fishScript } from "./fish.js";
import type { Shell } from "./shells.js";
import { zshScript } from "./zsh.js";

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript };

/** Prints the shell's script for what the program understands. */
export async function completion(shell: Shell, program: Command): Promise<void> {
  await say(scripts[shell](definitionOf(program)));
}
