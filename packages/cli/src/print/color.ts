import { styleText } from "node:util";
import type { Alert } from "@falco-outputs/node";

type Style = Parameters<typeof styleText>[0];

const styles: readonly Style[] = [
  ["bold", "white", "bgRed"],
  ["bold", "red"],
  ["bold", "red"],
  "red",
  "yellow",
  "cyan",
  "green",
  "gray",
];

/** Colours a text by an alert's priority. */
export function colored(text: string, priority: Alert["priority"]): string {
  const style = styles[priority];
  return style === undefined ? text : styleText(style, text);
}

/** Whether colours are wanted: on a terminal, unless NO_COLOR (https://no-color.org) is set; with FORCE_COLOR always. */
export function wantsColor(stream: NodeJS.WriteStream): boolean {
  const { NO_COLOR, FORCE_COLOR } = process.env;
  if (NO_COLOR !== undefined && NO_COLOR !== "") return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== "") return FORCE_COLOR !== "0";
  return stream.isTTY === true;
}
