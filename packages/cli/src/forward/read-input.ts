import { readSync } from "node:fs";

/** What the http input takes in one request, in bytes. */
const maxBytes = 4 * 1024 * 1024;
const chunkBytes = 64 * 1024;
const stdin = 0;

/**
 * All of standard input. Read synchronously, because setting up a stream takes longer than reading the pipe.
 * @throws Error if it is empty, too large, or cannot be read.
 */
export async function readInput(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  const add = (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size <= maxBytes) return;
    throw new Error(
      `standard input has more than ${maxBytes} bytes: falco-outputs serve --stdin takes any number`,
    );
  };
  for (;;) {
    const chunk = Buffer.allocUnsafe(chunkBytes);
    const read = readNow(chunk);
    if (read === 0) break;
    if (read === undefined) {
      for await (const later of process.stdin) add(later as Buffer);
      break;
    }
    add(chunk.subarray(0, read));
  }
  const input = Buffer.concat(chunks);
  if (input.every(isBlank)) throw new Error("standard input is empty: expected alerts, one per line");
  return input;
}

/** How many bytes were read; undefined if a non-blocking pipe has none yet. */
function readNow(chunk: Buffer): number | undefined {
  try {
    return readSync(stdin, chunk);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EAGAIN") return undefined;
    throw new Error(`standard input cannot be read: ${message}`, { cause: error });
  }
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}
