import { expect, it } from "vitest";
import { printable, printableJson } from "./printable.js";

it("leaves nothing that a terminal takes for a command", () => {
  expect(printable("a\x1b[31m\x9b2J\u2028\x00\x7f\r\n\tb")).toBe(
    "a\\x1b[31m\\x9b2J\\u2028\\x00\\x7f\\r\\n\\tb",
  );
  expect(printable("plain – text 🦅")).toBe("plain – text 🦅");
});

it.each(["\u061c", "\u200e", "\u200f", "\u202a", "\u202e", "\u2066", "\u2069"])(
  "lets no text change its direction: %j",
  (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(4, "0");
    expect(printable(`nimda${character}`)).toBe(`nimda\\u${code}`);
    expect(printableJson(JSON.stringify({ character }))).toBe(`{"character":"\\u${code}"}`);
  },
);

it("leaves marks alone that scripts and emoji need", () => {
  for (const text of ["\u05d0\u05d1", "a\u200db", "\u200c", "\ufe0f"]) expect(printable(text)).toBe(text);
});

it("changes nothing of what JSON says", () => {
  const value = { key: "\x9b\x1b\u2029\x7f é" };
  const json = printableJson(JSON.stringify(value));
  expect(json).toBe('{"key":"\\u009b\\u001b\\u2029\\u007f é"}');
  expect(JSON.parse(json)).toEqual(value);
});
