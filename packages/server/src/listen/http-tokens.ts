import { OptionError } from "@falco-outputs/core/options";
import { bearerOf } from "./bearer-token.js";
import { checkedToken, TokenDigest } from "./token-digest.js";

/** A token with the name of whoever has it. */
export interface NamedToken {
  /** What is posted with it is counted as the input `http:NAME`. Letters, digits, `.`, `_` and `-`; at most 64. */
  name: string;
  /** 16 to 1,024 visible ASCII characters. */
  token: string;
}

/** Where a request can show a token. */
export interface RequestHead {
  readonly authorization: string | undefined;
  /** What stands in the request line: the path, with its query. */
  readonly target: string;
}

/** What a request is let in by: undefined for a token without a name. */
export interface Admitted {
  readonly name: string | undefined;
}

/** How many tokens one listener takes: each is compared for each new head. */
const maxTokens = 1_000;

/** The tokens of a listener of the http input. */
export class HttpTokens {
  readonly #tokens: readonly { readonly name: string | undefined; readonly digest: TokenDigest }[];

  /**
   * @param option What the option is called, e.g. `inputs.http[0].token`.
   * @throws OptionError for tokens that cannot work.
   */
  constructor(tokens: string | readonly NamedToken[], option: string) {
    if (typeof tokens === "string") {
      this.#tokens = [{ name: undefined, digest: new TokenDigest(checkedToken(tokens, option)) }];
      return;
    }
    if (!Array.isArray(tokens) || tokens.length === 0 || tokens.length > maxTokens) {
      throw new OptionError({ option, expected: `a token, or a list of 1 to ${maxTokens} with names` });
    }
    this.#tokens = tokens.map(({ name, token }, index) => ({
      name: checkedName(name, `${option}[${index}].name`),
      digest: new TokenDigest(checkedToken(token, `${option}[${index}].token`)),
    }));
    for (const [index, { name }] of tokens.entries()) {
      if (tokens.findIndex((other) => other.name === name) < index) {
        throw new OptionError({
          option: `${option}[${index}].name`,
          got: name,
          expected: "each name only once",
        });
      }
    }
  }

  get names(): readonly (string | undefined)[] {
    return this.#tokens.map(({ name }) => name);
  }

  /** Which token a request shows; undefined: none of them. Each is compared, whichever it is. */
  admit(head: RequestHead): Admitted | undefined {
    let admitted: Admitted | undefined;
    for (const text of shownTokens(head)) {
      for (const { name, digest } of this.#tokens) if (digest.isOf(text)) admitted = { name };
    }
    return admitted;
  }
}

/**
 * What a request shows: `Bearer TOKEN`, `Basic` with the token for a password, or the last part of the path. Falco can set
 * no header, but libcurl makes Basic of the user and password in its URL.
 */
function shownTokens({ authorization, target }: RequestHead): string[] {
  const inHeader = bearerOf(authorization) ?? passwordOf(authorization);
  const inPath = lastPartOf(target);
  return [inHeader, inPath].filter((text) => text !== undefined);
}

/** Whether a request shows anything that could be a token. */
export function showsToken(head: RequestHead): boolean {
  return head.authorization !== undefined || lastPartOf(head.target) !== undefined;
}

function passwordOf(authorization = ""): string | undefined {
  const encoded = /^Basic +([\w+/-]+=*) *$/i.exec(authorization)?.[1];
  if (encoded === undefined) return undefined;
  const decoded = Buffer.from(encoded, "base64").toString("latin1");
  const colon = decoded.indexOf(":");
  return colon === -1 ? undefined : decoded.slice(colon + 1);
}

function lastPartOf(target: string): string | undefined {
  const path = target.replace(/[?#].*/s, "");
  const part = path.slice(path.lastIndexOf("/") + 1);
  if (part === "") return undefined;
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function checkedName(name: string, option: string): string {
  if (typeof name === "string" && /^[\w.-]{1,64}$/.test(name)) return name;
  throw new OptionError({ option, got: name, expected: "1 to 64 letters, digits, dots, _ and -" });
}
