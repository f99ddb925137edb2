import { printable } from "./print/printable.js";

/** Says something on stderr, in one line. */
export function tell(text: string): void {
  console.error(`falco-outputs: ${printable(text)}`);
}
