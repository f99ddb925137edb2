import type { Readable } from "node:stream";

/** The longest line, in UTF-16 units: an alert of 1 MiB whose text is escaped. */
export const maxLineLength = 4 * 1024 * 1024;

/** Byte order marks (https://www.unicode.org/faq/utf_bom.html#bom4). PowerShell's `>` begins a file with the first one. */
const marks: Readonly<Record<string, string>> = { fffe: "utf-16le", feff: "utf-16be" };

/** The lines of a text without their ends; undefined for one that is too long. In UTF-8, if no mark says otherwise. */
export async function* linesOf(stream: Readable): AsyncGenerator<string | undefined> {
  let decoder: TextDecoder | undefined;
  let rest = "";
  let isTooLong = false;
  for await (const chunk of stream) {
    decoder ??= new TextDecoder(marks[(chunk as Buffer).toString("hex", 0, 2)]);
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
  rest += decoder?.decode() ?? "";
  if (isTooLong) yield undefined;
  else if (rest !== "") yield rest;
}
