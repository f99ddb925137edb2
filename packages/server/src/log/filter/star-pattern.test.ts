import { parsePattern } from "@falco-outputs/core/contract";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StarPattern } from "./star-pattern.js";
import { Values } from "./values.js";

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** Whether a value matches a whole text. */
function matches(value: string, text: string): boolean {
  const bytes = bytesOf(text);
  return new Values([value]).match(bytes, 0, bytes.length);
}

/** What a value with stars means, by trying everything. */
function means(value: string, text: string): boolean {
  if (value === "") return text === "";
  if (value.startsWith("*")) {
    return means(value.slice(1), text) || (text !== "" && means(value, text.slice(1)));
  }
  const literal = value.startsWith("\\*") ? 2 : 1;
  return text[0] === value[literal - 1] && means(value.slice(literal), text.slice(1));
}

/** Counts how often bytes are read. */
function counted(text: string): { bytes: Uint8Array; reads: () => number } {
  let reads = 0;
  const bytes = new Proxy(bytesOf(text), {
    get(target, name) {
      if (typeof name === "string" && /^\d+$/.test(name)) reads++;
      return Reflect.get(target, name);
    },
  });
  return { bytes, reads: () => reads };
}

describe("a value with stars", () => {
  const letters = (characters: string, maxLength: number) =>
    fc.array(fc.constantFrom(...characters), { maxLength }).map((parts) => parts.join(""));

  it("matches what trying everything finds", () => {
    fc.assert(
      fc.property(letters("ab*", 8), letters("ab*", 10), (value, text) => {
        expect(matches(value, text)).toBe(means(value, text));
      }),
      { numRuns: 20_000 },
    );
  });

  it("takes a backslash before anything but a star as it is", () => {
    expect(matches("C:\\*", "C:*")).toBe(true);
    expect(matches("C:\\*", "C:\\x")).toBe(false);
    expect(matches("C:\\dir\\\\*", "C:\\dir\\*")).toBe(true);
    expect(matches("a\\", "a\\")).toBe(true);
    expect(matches("\\n*", "\\nx")).toBe(true);
  });

  it("is found where a part begins again within itself", () => {
    expect(matches("*aab*", "aaab")).toBe(true);
    expect(matches("*abab*abac*", "ababababac")).toBe(true);
    expect(matches("*é*", "caf\u00e9s")).toBe(true);
  });

  const length = 20_000;
  it.each([
    ["many stars", "a*".repeat(500), "a".repeat(length)],
    ["many stars and no end", `${"a*".repeat(500)}b`, "a".repeat(length)],
    ["many stars before what is not there", `*${"a*".repeat(500)}b*`, "a".repeat(length)],
    ["a long part that nearly matches everywhere", `*${"a".repeat(2_000)}b*`, "a".repeat(length)],
    ["a long part that fails at its first byte", `*b${"a".repeat(2_000)}*`, "a".repeat(length)],
    ["a periodic part", `*${"ab".repeat(1_000)}aa*`, "ab".repeat(length / 2)],
    ["a part that is found late", `*${"ab".repeat(1_000)}c*`, `${"ab".repeat(length / 2)}c`],
    ["nothing but stars", "*".repeat(1_000), "a".repeat(length)],
  ])("reads no byte more than a few times: %s", (_, value, text) => {
    const { bytes, reads } = counted(text);
    const pattern = new StarPattern(parsePattern(value));
    pattern.matches(bytes, 0, text.length);
    expect(reads()).toBeLessThanOrEqual(4 * text.length);
  });
});

describe("several values", () => {
  it("match if one of them does, however many there are", () => {
    const word = fc.array(fc.constantFrom("a", "b", "é"), { maxLength: 4 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(fc.array(word, { maxLength: 40 }), word, (values, text) => {
        const bytes = bytesOf(`b${text}a`);
        expect(new Values(values).match(bytes, 1, bytes.length - 1)).toBe(values.includes(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it("may be long", () => {
    const [one, two] = ["a".repeat(300), "a".repeat(400)];
    const bytes = bytesOf(one);
    expect(new Values([two, one]).match(bytes, 0, bytes.length)).toBe(true);
    expect(new Values([two]).match(bytes, 0, bytes.length)).toBe(false);
  });
});
