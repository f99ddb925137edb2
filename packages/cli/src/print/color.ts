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

/**
 * Colours a text by an alert's priority, if standard output is a terminal that shows colours; NO_COLOR
 * (https://no-color.org) and FORCE_COLOR decide otherwise.
 */
export function colored(text: string, priority: Alert["priority"]): string {
  const style = styles[priority];
  return style === undefined ? text : styleText(style, text);
}
