import type { Readable } from "node:stream";
import { chunksOf } from "./chunks-of.js";
import type { Intake } from "./intake.js";
import { LineSplitter } from "./line-splitter.js";
import { Utf8Stream } from "./utf8.js";

/** The longest line, in bytes: an alert of 1 MiB whose text is escaped. */
export const maxLineBytes = 4 * 1024 * 1024;

export interface ReadLinesOptions {
  /** Ends the reading. */
  signal?: AbortSignal;
}

/**
 * Reads alerts from a stream, one per line, as Falco writes them to its standard output or to a program. Resolves when
 * the stream ends, or the signal aborts.
 */
export async function readLines(stream: Readable, intake: Intake, signal: AbortSignal): Promise<void> {
  const batch = intake.collect();
  const splitter = new LineSplitter(
    maxLineBytes,
    (bytes, start, end) => batch.add(bytes, start, end),
    () => batch.reject(`a line is longer than ${maxLineBytes} bytes`),
  );
  const text = new Utf8Stream();
  for await (const chunk of chunksOf(stream, signal)) {
    splitter.write(text.write(typeof chunk === "string" ? Buffer.from(chunk) : chunk));
    const appended = batch.append();
    if (appended instanceof Promise) await appended;
  }
  // Only the end of the stream itself completes its last line.
  if (signal.aborted) return;
  splitter.write(text.end());
  splitter.end();
  await batch.append();
}
