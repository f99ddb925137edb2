import type { Address } from "@falco-outputs/node";
import { possibleInputAddresses } from "../default-address.js";
import { addressVariable } from "../forward/forward.js";
import { targetOf } from "../forward/target.js";
import { shellCommands } from "./shell-commands.js";

/** How deep lines may stand in lines, as in `sh -c '…'`. Variables could go on for ever. */
const maxDepth = 4;

/**
 * Where a shell's line posts with `falco-outputs forward`.
 * @throws UsageError for an address that `forward` would refuse.
 */
export function forwardAddresses(line: string, depth = 0): Address[] {
  let fallback = process.env[addressVariable] ?? "";
  return shellCommands(line).flatMap((words) => {
    const at = words.findIndex(
      (word, index) => /(?:^|\/)falco-outputs(?:\.js)?$/.test(word) && words[index + 1] === "forward",
    );
    for (const word of at === -1 ? words : words.slice(0, at)) {
      if (word.startsWith(`${addressVariable}=`)) fallback = word.slice(addressVariable.length + 1);
    }
    if (at === -1) {
      const lines = depth < maxDepth ? words.filter((word) => /\s/.test(word)) : [];
      return lines.flatMap((inner) => forwardAddresses(inner, depth + 1));
    }
    const given = addressOption(words.slice(at + 2)) ?? fallback;
    return (given === "" ? possibleInputAddresses() : [given]).flatMap(addressOf);
  });
}

/** What `--address` has, in the ways in which the command takes it. */
function addressOption(words: readonly string[]): string | undefined {
  const at = words.findIndex((word) => /^(?:-a|--address(?:=|$))/.test(word));
  const word = words[at];
  if (word === undefined) return undefined;
  return word === "-a" || word === "--address" ? words[at + 1] : word.replace(/^-a|^--address=/, "");
}

function addressOf(text: string): Address[] {
  // What only the shell knows.
  if (/[$`]/.test(text)) return [];
  const target = targetOf(text);
  return ["path" in target ? { kind: "unix", path: target.path } : { kind: "tcp", ...target }];
}
