/** Longer texts share a place in the table of lengths. */
const maxTold = 255;

/** A set of texts that are looked up as UTF-8, in place. */
export class ByteTexts {
  /** Shorter ones first; those of one length in the order of their bytes. */
  readonly #texts: readonly Uint8Array[];
  /** 1 for each length that a text has. */
  readonly #lengths = new Uint8Array(maxTold + 1);

  constructor(texts: Iterable<string>) {
    const encoder = new TextEncoder();
    this.#texts = [...new Set(texts)]
      .map((text) => encoder.encode(text))
      .sort((one, two) => compare(one, 0, one.length, two));
    for (const { length } of this.#texts) this.#lengths[Math.min(length, maxTold)] = 1;
  }

  get count(): number {
    return this.#texts.length;
  }

  /** The place of the text that is `bytes` from `start` to `end`: from 0 to before `count`; -1 if it is not in the set. */
  indexOf(bytes: Uint8Array, start: number, end: number): number {
    if (this.#lengths[Math.min(end - start, maxTold)] === 0) return -1;
    let low = 0;
    let high = this.#texts.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const order = compare(bytes, start, end, this.#texts[middle]!);
      if (order === 0) return middle;
      if (order < 0) high = middle - 1;
      else low = middle + 1;
    }
    return -1;
  }
}

/** Below 0 if the text that is `bytes` from `start` to `end` comes before `text`, 0 if it is equal. */
function compare(bytes: Uint8Array, start: number, end: number, text: Uint8Array): number {
  const { length } = text;
  if (end - start !== length) return end - start - length;
  for (let index = 0; index < length; index++) {
    const difference = bytes[start + index]! - text[index]!;
    if (difference !== 0) return difference;
  }
  return 0;
}
