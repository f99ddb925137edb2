import { createHash, timingSafeEqual } from "node:crypto";
import { OptionError } from "@falco-outputs/core/options";

/** What clients must show as `authorization: Bearer TOKEN`. */
export class BearerToken {
  readonly #digest: Buffer;

  /**
   * @param option What the option is called, e.g. `web[0].token`.
   * @throws OptionError for a token that cannot work.
   */
  constructor(token: string, option: string) {
    if (!/^[\x21-\x7e]{16,1024}$/.test(token)) {
      throw new OptionError({ option, expected: "16 to 1,024 visible ASCII characters" });
    }
    this.#digest = digest(token);
  }

  /** Why a request may not pass; undefined if it may. The answer to it is 401 with `www-authenticate: Bearer`. */
  refusalOf(authorization: string | undefined): string | undefined {
    if (timingSafeEqual(this.#digest, digest(bearer(authorization)))) return undefined;
    return authorization === undefined ? "a token is needed" : "the token is not this server's";
  }
}

function bearer(authorization = ""): string {
  return /^Bearer +(\S+) *$/i.exec(authorization)?.[1] ?? "";
}

/** Digests have the same length, so that comparing them reveals nothing about the token, not even its length. */
function digest(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
