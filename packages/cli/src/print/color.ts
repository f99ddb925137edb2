import type { Alert } from "@falco-outputs/node";
import type { ColorMode } from "./choices.js";

/** What a terminal is told for each priority: parameters of ECMA-48's Select Graphic Rendition. */
const renditions = ["1;97;41", "1;31", "1;31", "31", "33", "36", "32", "90"];

/** Colours a text by an alert's priority. */
export function colored(text: string, priority: Alert["priority"]): string {
  return `\u001b[${renditions[priority] ?? "0"}m${text}\u001b[0m`;
}

/** auto: on a terminal, unless NO_COLOR (https://no-color.org) is set; with FORCE_COLOR in any case. */
export function wantsColor(mode: ColorMode, stream: NodeJS.WriteStream): boolean {
  if (mode !== "auto") return mode === "always";
  const { NO_COLOR, FORCE_COLOR } = process.env;
  if (NO_COLOR !== undefined && NO_COLOR !== "") return false;
  return (FORCE_COLOR !== undefined && !["", "0"].includes(FORCE_COLOR)) || stream.isTTY === true;
}
