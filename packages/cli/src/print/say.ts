import { LineWriter } from "./line-writer.js";

/**
 * Writes text to stdout. A reader that is gone, as in `falco-outputs --help | head -1`, is no reason to complain.
 * @throws what the system says of text that cannot be written, e.g. that the disk is full.
 */
export async function say(text: string): Promise<void> {
  if (text !== "") await new LineWriter(process.stdout).write(text.replace(/\n$/, ""));
}
