import { OptionError } from "./option-error.js";

/**
 * What an option holds that is PEM, as text or bytes, or the path of a file with it.
 * @param option What the option is called, e.g. `tls.ca`.
 * @param readFile How the runtime reads a file.
 * @throws OptionError if it is a path, and the file cannot be read.
 */
export function readPem<Bytes extends Uint8Array>(
  pem: string | Bytes,
  option: string,
  readFile: (path: string) => Bytes,
): string | Bytes {
  if (typeof pem !== "string" || pem.includes("-----BEGIN ")) return pem;
  try {
    return readFile(pem);
  } catch (cause) {
    const expected = `PEM, or the path of a file that can be read (${(cause as Error).message})`;
    throw new OptionError({ option, got: pem, expected, cause });
  }
}
