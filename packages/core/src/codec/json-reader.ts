import { absentValue, listText } from "./content.js";

/**
 * Where and why a text is not JSON; `position` counts UTF-16 units from the start. It is thrown, but is not an Error:
 * making a stack takes ten times as long as reading a line, and a sender of junk would make the server do it.
 */
export class JsonMismatch {
  constructor(
    readonly expected: string,
    readonly position: number,
  ) {}

  get message(): string {
    return `expected ${this.expected} at position ${this.position}`;
  }
}

// Falco nests two levels deep; anything near this is not Falco's.
const maxDepth = 64;
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// What a JSON string (RFC 8259) holds between its quotes and the first escape.
// biome-ignore lint/suspicious/noControlCharactersInRegex: a raw control character is not allowed in a JSON string
const plain = /[^"\\\u0000-\u001f]*/y;
const anyEscape = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;

/**
 * Reads a JSON text value by value. `JSON.parse` cannot serve here: it rounds the 64-bit integers of Falco's fields.
 * What does not fit is thrown as a `JsonMismatch`.
 */
export class JsonReader {
  #position = 0;
  #depth = 0;

  constructor(readonly text: string) {}

  /** Calls `member` for each member of the object that comes next; `member` has to read the value. */
  object(member: (key: string) => void): void {
    this.#enter("{", "an object");
    if (!this.#take("}")) {
      do {
        this.#skipSpace();
        const key = this.string();
        if (!this.#take(":")) throw this.#expected('":"');
        member(key);
      } while (this.#take(","));
      if (!this.#take("}")) throw this.#expected('"," or "}"');
    }
    this.#depth--;
  }

  array(element: () => void): void {
    this.#enter("[", "an array");
    if (!this.#take("]")) {
      do element();
      while (this.#take(","));
      if (!this.#take("]")) throw this.#expected('"," or "]"');
    }
    this.#depth--;
  }

  string(): string {
    if (!this.#take('"')) throw this.#expected("a string");
    const start = this.#position;
    plain.lastIndex = start;
    plain.test(this.text);
    let end = plain.lastIndex;
    if (this.text[end] === '"') {
      this.#position = end + 1;
      return this.text.slice(start, end);
    }
    // An escape: find the closing quote, then let JSON.parse resolve the escapes.
    while (this.text[end] === "\\") {
      anyEscape.lastIndex = end;
      if (!anyEscape.test(this.text)) {
        this.#position = end;
        throw this.#expected("a valid escape");
      }
      plain.lastIndex = anyEscape.lastIndex;
      plain.test(this.text);
      end = plain.lastIndex;
    }
    if (this.text[end] !== '"') {
      this.#position = end;
      throw this.#expected('a closing quote (") and no raw control character');
    }
    this.#position = end + 1;
    // Half a surrogate pair has no UTF-8.
    return (JSON.parse(this.text.slice(start - 1, end + 1)) as string).toWellFormed();
  }

  /** True if a null came next, which is then consumed. */
  null(): boolean {
    return this.#takeWord("null");
  }

  /**
   * Any value as the text that Falco's gRPC API has for it: a string as it is, null as `<NA>`, numbers and booleans
   * digit for digit, an array as `(a,b)`. An object, which Falco does not write, stays the JSON text that it is.
   */
  fieldText(): string {
    this.#skipSpace();
    const start = this.#position;
    switch (this.text[start]) {
      case '"':
        return this.string();
      case "[": {
        const items: string[] = [];
        this.array(() => items.push(this.fieldText()));
        return listText(items);
      }
      case "{":
        this.skip();
        return this.text.slice(start, this.#position);
    }
    if (this.#takeWord("null")) return absentValue;
    if (this.#takeWord("true")) return "true";
    if (this.#takeWord("false")) return "false";
    number.lastIndex = start;
    if (!number.test(this.text)) throw this.#expected("a value");
    this.#position = number.lastIndex;
    return this.text.slice(start, this.#position);
  }

  /** Any value as the JSON text that it is. */
  raw(): string {
    this.#skipSpace();
    const start = this.#position;
    this.skip();
    return this.text.slice(start, this.#position);
  }

  /** Reads a value of no interest. */
  skip(): void {
    this.#skipSpace();
    if (this.text[this.#position] === "{") this.object(() => this.skip());
    else if (this.text[this.#position] === "[") this.array(() => this.skip());
    else this.fieldText();
  }

  /** Nothing but white space may be left. */
  end(): void {
    this.#skipSpace();
    if (this.#position < this.text.length) throw this.#expected("nothing more");
  }

  #enter(bracket: string, what: string): void {
    if (!this.#take(bracket)) throw this.#expected(what);
    if (++this.#depth > maxDepth) throw this.#expected(`at most ${maxDepth} nested levels`);
  }

  #take(character: string): boolean {
    this.#skipSpace();
    if (this.text[this.#position] !== character) return false;
    this.#position++;
    return true;
  }

  #takeWord(word: string): boolean {
    this.#skipSpace();
    if (!this.text.startsWith(word, this.#position)) return false;
    this.#position += word.length;
    return true;
  }

  #skipSpace(): void {
    for (;;) {
      const c = this.text.charCodeAt(this.#position);
      if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return;
      this.#position++;
    }
  }

  #expected(what: string): JsonMismatch {
    return new JsonMismatch(what, this.#position);
  }
}
