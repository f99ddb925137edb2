import type { Readable } from "node:stream";
import type { Intake } from "./intake.js";
import { LineSplitter } from "./line-splitter.js";
import { Utf8Stream } from "./utf8.js";

/** The longest line, in bytes: an alert of 1 MiB whose text is escaped. */
export const maxLineBytes = 4 * 1024 * 1024;

/**
 * Reads alerts from a stream, one a line, as Falco writes them to its standard output or to a program. Resolves when
 * the stream ends.
 */
export async function readLines(stream: Readable, intake: Intake): Promise<void> {
  const lines = intake.collect();
  const splitter = new LineSplitter(
    maxLineBytes,
    (bytes, start, end) => lines.add(bytes, start, end),
    () => lines.reject(`a line is longer than ${maxLineBytes} bytes`),
  );
  const text = new Utf8Stream();
  for await (const chunk of stream) {
    splitter.write(text.write(typeof chunk === "string" ? Buffer.from(chunk) : (chunk as Uint8Array)));
    const appended = lines.append();
    if (appended instanceof Promise) await appended;
  }
  splitter.write(text.end());
  splitter.end();
  await lines.append();
}
