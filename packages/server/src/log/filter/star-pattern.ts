/**
 * A value with stars: a text matches if it begins with the first of the texts between the stars, ends with the last, and
 * has the others in between, in their order. That takes time linear in the text's length, whatever the pattern: the
 * first place where a text is found is as good as any later one, so nothing is looked at twice.
 */
export class StarPattern {
  readonly #first: Uint8Array;
  readonly #last: Uint8Array;
  readonly #between: readonly ByteSearch[];

  /** @param texts At least two, see `parsePattern`. */
  constructor(texts: readonly string[]) {
    const encoded = texts.map((text) => new TextEncoder().encode(text));
    this.#first = encoded[0]!;
    this.#last = encoded.at(-1)!;
    this.#between = encoded
      .slice(1, -1)
      .filter(({ length }) => length > 0)
      .map((text) => new ByteSearch(text));
  }

  /** Whether it matches the text that is `bytes` from `start` to `end`. */
  matches(bytes: Uint8Array, start: number, end: number): boolean {
    const lastAt = end - this.#last.length;
    let at = start + this.#first.length;
    if (at > lastAt || !standsAt(bytes, start, this.#first) || !standsAt(bytes, lastAt, this.#last))
      return false;
    for (const search of this.#between) {
      at = search.endOf(bytes, at, lastAt);
      if (at === -1) return false;
    }
    return true;
  }
}

function standsAt(bytes: Uint8Array, at: number, text: Uint8Array): boolean {
  for (let index = 0; index < text.length; index++) {
    if (bytes[at + index] !== text[index]) return false;
  }
  return true;
}

/** Finds a text by the algorithm of Knuth, Morris and Pratt, which looks at no byte twice. */
class ByteSearch {
  readonly #text: Uint8Array;
  /** By how many bytes match: how many still do when the next one does not. */
  readonly #borders: Int32Array;

  /** @param text Not empty. */
  constructor(text: Uint8Array) {
    this.#text = text;
    this.#borders = new Int32Array(text.length + 1);
    this.#borders[0] = -1;
    let border = -1;
    for (let length = 1; length <= text.length; length++) {
      while (border >= 0 && text[border] !== text[length - 1]) border = this.#borders[border]!;
      this.#borders[length] = ++border;
    }
  }

  /** Where the text ends that is found first, in `bytes` from `start` to `end`; -1 if it is not there. */
  endOf(bytes: Uint8Array, start: number, end: number): number {
    const text = this.#text;
    const first = text[0];
    let at = start;
    let matched = 0;
    while (at < end) {
      if (matched === 0) {
        while (at < end && bytes[at] !== first) at++;
        if (at === end) return -1;
      }
      while (matched >= 0 && text[matched] !== bytes[at]) matched = this.#borders[matched]!;
      matched++;
      at++;
      if (matched === text.length) return at;
    }
    return -1;
  }
}
