const newline = 0x0a;
const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** As deep as `JsonReader` reads: what is nested deeper is not an alert. */
const maxDepth = 64;

/**
 * Looks for the end of a JSON object by its brackets and strings alone, in one pass over its bytes. What stands between
 * them is for `JsonReader` to judge.
 */
export class ObjectScan {
  /** Behind the object, where there is one. */
  end = 0;
  /**
   * Where it showed that there is none: at a line end within a string, at a bracket that closes another one, at a brace
   * where no value can stand (it begins the next object), at the 65th level, or where the bytes end.
   */
  failedAt = 0;
  /** Of an object that fails, the first object within it that begins a line: -1 if there is none. */
  nestedLine = -1;
  readonly #open = new Uint8Array(maxDepth + 1);

  /** Reads the object that begins at `start`, with a brace; returns whether it has an end. */
  read(bytes: Uint8Array, start: number): boolean {
    const { length } = bytes;
    const open = this.#open;
    let depth = 0;
    /** The last byte that is not white space; of a string its closing quote. */
    let before = 0;
    this.nestedLine = -1;
    for (let at = start; at < length; at++) {
      const byte = bytes[at]!;
      switch (byte) {
        case 0x20:
        case 0x09:
        case 0x0d:
        case newline:
          continue;
        case quote:
          at = stringEnd(bytes, at + 1);
          if (bytes[at] !== quote) return this.#fail(at);
          break;
        case openBrace:
          if (depth > 0 && !isValueNext(open[depth]!, before)) return this.#fail(at);
          if (depth > 0 && this.nestedLine === -1 && bytes[at - 1] === newline) this.nestedLine = at;
          if (depth === maxDepth) return this.#fail(at);
          open[++depth] = byte;
          break;
        case openBracket:
          if (depth === maxDepth) return this.#fail(at);
          open[++depth] = byte;
          break;
        case closeBrace:
        case closeBracket:
          // In ASCII, a bracket and the one that closes it are two apart.
          if (open[depth] !== byte - 2) return this.#fail(at);
          if (--depth > 0) break;
          this.end = at + 1;
          return true;
      }
      before = byte;
    }
    return this.#fail(length);
  }

  #fail(at: number): false {
    this.failedAt = at;
    return false;
  }
}

/** Whether a value may follow `before`, within an array or object that was opened by `opened`. */
function isValueNext(opened: number, before: number): boolean {
  return before === colon || (opened === openBracket && (before === comma || before === openBracket));
}

/** Where the string that continues at `from` ends: at its quote, or at what cannot be in it, a line end or the end of all. */
function stringEnd(bytes: Uint8Array, from: number): number {
  const { length } = bytes;
  for (let at = from; at < length; at++) {
    const byte = bytes[at]!;
    if (byte === quote || byte === newline) return at;
    if (byte === backslash && bytes[at + 1] !== newline) at++;
  }
  return length;
}
