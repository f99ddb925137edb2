import { Readable, Writable } from "node:stream";
import type { AlertInit } from "@falco-outputs/core";
import { type FormatOptions, startServer } from "../../index.js";

/** What alerts come as: a stream with Falco's lines, or published. */
type Source =
  | { stream: Iterable<string | Uint8Array> }
  | { published: readonly (AlertInit | string | Uint8Array)[] };

/** What a server's outputs write of alerts, as they were written, one line each without its line feed. */
export async function written(source: Source, format: FormatOptions = {}): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      chunks.push(chunk);
      done();
    },
  });
  const server = await startServer({ listen: [], outputs: { stdout: { stream }, format } });
  if ("stream" in source) await server.readLines(Readable.from(source.stream));
  else for (const alert of source.published) await server.publish(alert);
  await server.stop();
  return linesIn(Buffer.concat(chunks));
}

/** The same for a stream of lines, as text. */
export async function writtenOf(lines: readonly string[], format?: FormatOptions): Promise<string[]> {
  return (await written({ stream: [`${lines.join("\n")}\n`] }, format)).map(String);
}

function linesIn(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  let start = 0;
  for (let end = bytes.indexOf("\n"); end !== -1; end = bytes.indexOf("\n", start)) {
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  if (start < bytes.length) throw new Error("the last line has no end");
  return lines;
}
