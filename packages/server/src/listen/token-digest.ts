import { createHash, timingSafeEqual } from "node:crypto";
import { OptionError } from "@falco-outputs/core/options";

/**
 * A token, for comparing. Digests have the same length, so that the time that a comparison takes reveals nothing about the
 * token, not even its length.
 */
export class TokenDigest {
  readonly #digest: Buffer;

  constructor(token: string) {
    this.#digest = digest(token);
  }

  /** Whether a text is the token, in the same time for any text of one length. */
  isOf(text: string): boolean {
    return timingSafeEqual(this.#digest, digest(text));
  }
}

/**
 * A token as it was given.
 * @param option What the option is called, e.g. `web[0].token`.
 * @throws OptionError for a token that cannot work, without the token.
 */
export function checkedToken(token: string, option: string): string {
  if (typeof token === "string" && /^[\x21-\x7e]{16,1024}$/.test(token)) return token;
  throw new OptionError({ option, expected: "16 to 1,024 visible ASCII characters" });
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
