import { printable } from "@falco-outputs/core/printable";

let isGuarded = false;

/** Says something on stderr, in one line. */
export function tell(text: string): void {
  warn(`falco-outputs: ${printable(text)}\n`);
}

/** Writes text to stderr as it is. */
export function warn(text: string): void {
  // When stderr itself cannot be written, there is nobody left to tell.
  if (!isGuarded) process.stderr.on("error", () => undefined);
  isGuarded = true;
  process.stderr.write(text);
}
