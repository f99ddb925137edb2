import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JsonMismatch, JsonReader } from "./json-reader.js";

/** The field text of a whole JSON text. */
function fieldText(text: string): string {
  const reader = new JsonReader(text);
  const value = reader.fieldText();
  reader.end();
  return value;
}

/** Whether the reader takes a text, and JSON.parse does; that neither ends otherwise than by a syntax error. */
function verdicts(text: string): { reader: boolean; parse: boolean } {
  const accepts = (read: () => void, error: new (...parameters: never[]) => object) => {
    try {
      read();
      return true;
    } catch (reason) {
      expect(reason).toBeInstanceOf(error);
      return false;
    }
  };
  const skip = () => {
    const reader = new JsonReader(text);
    reader.skip();
    reader.end();
  };
  return { reader: accepts(skip, JsonMismatch), parse: accepts(() => JSON.parse(text), SyntaxError) };
}

/** JSON values no deeper than the reader goes. */
const values = fc.jsonValue({ maxDepth: 5 });
const integers = fc.bigInt().map(String);
const numbers = fc
  .tuple(
    integers,
    fc.option(fc.stringMatching(/^\d{1,30}$/)),
    fc.option(fc.stringMatching(/^[eE][+-]?\d{1,4}$/)),
  )
  .map(
    ([integer, fraction, exponent]) =>
      `${integer}${fraction === null ? "" : `.${fraction}`}${exponent ?? ""}`,
  );

describe("JsonReader", () => {
  it("keeps every number digit for digit", () => {
    fc.assert(
      fc.property(numbers, (number) => {
        expect(fieldText(number)).toBe(number);
        expect(fieldText(`[ ${number} ,-0]`)).toBe(`(${number},-0)`);
      }),
    );
  });

  it("reads every string as JSON.parse does, however it is escaped", () => {
    const escaped = fc.string({ unit: "binary" }).map((text) => {
      const units = Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
      return `"${units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("")}"`;
    });
    const plain = fc.string({ unit: "binary" }).map((text) => JSON.stringify(text));
    const short = fc.array(
      fc.constantFrom('\\"', "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t", "x", "🦅"),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          plain,
          escaped,
          short.map((parts) => `"${parts.join("")}"`),
        ),
        (json) => {
          expect(fieldText(json)).toBe(JSON.parse(json));
        },
      ),
    );
  });

  it.each([
    ["null", "<NA>"],
    ["true", "true"],
    ["false", "false"],
    ["[]", "()"],
    ['["a",null,[1,"b"]]', "(a,<NA>,(1,b))"],
    ['{"a" : [1.50]}', '{"a" : [1.50]}'],
    [' \t\r\n"x" ', "x"],
  ])("gives for %s the text %s", (json, text) => {
    expect(fieldText(json)).toBe(text);
  });

  it("takes what JSON.parse takes", () => {
    fc.assert(
      fc.property(values, fc.constantFrom(0, 1, "\t"), (value, indent) => {
        expect(verdicts(JSON.stringify(value, undefined, indent))).toEqual({ reader: true, parse: true });
      }),
    );
  });

  it("takes and refuses as JSON.parse does when one character was changed, removed or added", () => {
    const characters = fc.constantFrom(...'{}[]",:\\-+.eE0123tfnu /\n\u0000\u001f\u2028x');
    fc.assert(
      fc.property(values, fc.nat(), fc.nat(1), fc.option(characters), (value, at, removed, added) => {
        const json = JSON.stringify(value);
        const index = at % json.length;
        const { reader, parse } = verdicts(
          json.slice(0, index) + (added ?? "") + json.slice(index + removed),
        );
        expect(reader).toBe(parse);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ["", "expected a value at position 0"],
    ["1 2", "expected nothing more at position 2"],
    ['"a\nb"', 'expected a closing quote (") and no raw control character at position 2'],
    ['"\\n', 'expected a closing quote (") and no raw control character at position 3'],
    ['"\\', "expected a valid escape at position 1"],
    ['"a\\x"', "expected a valid escape at position 2"],
    ['"\\n\\u12"', "expected a valid escape at position 3"],
    ["[1 2]", 'expected "," or "]" at position 3'],
    ['{"a" 1}', 'expected ":" at position 5'],
    ["{a:1}", "expected a string at position 1"],
    ['{"a":1,}', "expected a string at position 7"],
  ])("says where %j is not JSON", (text, message) => {
    const skip = () => {
      const reader = new JsonReader(text);
      reader.skip();
      reader.end();
    };
    expect(skip).toThrow(message);
  });

  it("goes 64 levels deep and no deeper, whatever stands there", () => {
    expect(fieldText("[".repeat(64) + "]".repeat(64))).toBe("(".repeat(64) + ")".repeat(64));
    for (const open of ["[", '{"a":', '[{"a":']) {
      expect(() => new JsonReader(open.repeat(100_000)).skip()).toThrow("at most 64 nested levels");
    }
  });
});
