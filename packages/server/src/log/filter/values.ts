import { parsePattern } from "@falco-outputs/core/contract";
import { ByteTexts } from "./byte-texts.js";
import { StarPattern } from "./star-pattern.js";

/** The values of a filter's part, of which one has to match. */
export class Values {
  readonly #exact: ByteTexts;
  readonly #patterns: readonly StarPattern[];

  constructor(values: readonly string[]) {
    const texts = [...new Set(values)].map(parsePattern);
    this.#exact = new ByteTexts(texts.filter(({ length }) => length === 1).map(([text]) => text!));
    this.#patterns = texts.filter(({ length }) => length > 1).map((between) => new StarPattern(between));
  }

  /** Whether one matches the text that is `bytes` from `start` to `end`. */
  match(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#exact.indexOf(bytes, start, end) !== -1) return true;
    for (const pattern of this.#patterns) if (pattern.matches(bytes, start, end)) return true;
    return false;
  }
}
