import type { Readable } from "node:stream";

/** The longest line, in UTF-16 units: an alert of 1 MiB whose text is escaped. */
export const maxLineLength = 4 * 1024 * 1024;

/** The lines of a text in UTF-8, without their ends; undefined for one that is too long. */
export async function* linesOf(stream: Readable): AsyncGenerator<string | undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  let isTooLong = false;
  for await (const chunk of stream) {
    const lines = decoder.decode(chunk as Buffer, { stream: true }).split("\n");
    const last = lines.pop()!;
    for (const line of lines) {
      yield isTooLong || rest.length + line.length > maxLineLength ? undefined : rest + line;
      rest = "";
      isTooLong = false;
    }
    isTooLong ||= rest.length + last.length > maxLineLength;
    rest = isTooLong ? "" : rest + last;
  }
  rest += decoder.decode();
  if (isTooLong) yield undefined;
  else if (rest !== "") yield rest;
}
