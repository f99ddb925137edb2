import { checkedToken, TokenDigest } from "./token-digest.js";

/** What clients must show as `authorization: Bearer TOKEN`. */
export class BearerToken {
  readonly #digest: TokenDigest;

  /**
   * @param option What the option is called, e.g. `web[0].token`.
   * @throws OptionError for a token that cannot work.
   */
  constructor(token: string, option: string) {
    this.#digest = new TokenDigest(checkedToken(token, option));
  }

  /** Why a request may not pass; undefined if it may. The answer to it is 401 with `www-authenticate: Bearer`. */
  refusalOf(authorization: string | undefined): string | undefined {
    if (this.#digest.isOf(bearerOf(authorization) ?? "")) return undefined;
    return authorization === undefined ? "a token is needed" : "the token is not this server's";
  }
}

/** The token in `Bearer TOKEN`; undefined for anything else. */
export function bearerOf(authorization = ""): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
}
