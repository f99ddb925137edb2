import { readFileSync } from "node:fs";
import { UsageError } from "../args/usage-error.js";

/** Larger files are not secrets, in bytes. */
const maxBytes = 64 * 1024;

/**
 * A secret that stands in a block itself, as `NAME`, or in a file, whose path stands there as `NAME_file`; a file's without
 * the white space around it. Undefined if there is neither.
 * @param key The block's.
 * @param pattern What it must look like, as the schema has it for the text itself.
 * @throws UsageError that names the key, and shows nothing of the secret.
 */
export function secretOf<Name extends string>(
  key: string,
  name: Name,
  block: { readonly [Key in Name | `${Name}_file`]?: string | undefined },
  { pattern, expected }: { pattern: RegExp; expected: string },
): string | undefined {
  const file = block[`${name}_file`];
  const secret = block[name];
  if (file === undefined) return secret;
  if (secret !== undefined) throw new UsageError(`${key}.${name}: it and ${name}_file exclude each other`);
  const text = readSecret(`${key}.${name}_file`, file);
  if (pattern.test(text)) return text;
  throw new UsageError(`${key}.${name}_file: the file ${file} holds something else, expected ${expected}`);
}

export const tokenForm = {
  pattern: /^[\x21-\x7e]{16,1024}$/,
  expected: "16 to 1,024 visible ASCII characters",
};

function readSecret(key: string, file: string): string {
  try {
    const bytes = readFileSync(file);
    if (bytes.length > maxBytes)
      throw new Error(`it has ${bytes.length} bytes, at most ${maxBytes} are read`);
    return bytes.toString("utf8").trim();
  } catch (error) {
    throw new UsageError(`${key}: ${file} cannot be read: ${(error as Error).message}`);
  }
}
