import { readSync } from "node:fs";

/** What the http input takes in one request, in bytes. */
const maxBytes = 4 * 1024 * 1024;
const chunkBytes = 64 * 1024;
const stdin = 0;

/**
 * What standard input brings until its end. At once, since a stream takes longer to set up than a pipe to read.
 * @throws Error for one that is empty, too large, or cannot be read.
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
  if (input.every(isBlank)) throw new Error("standard input is empty: expected an alert, or one a line");
  return input;
}

/** How many bytes came; undefined if one would have to wait for them, on a pipe that does not block. */
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
