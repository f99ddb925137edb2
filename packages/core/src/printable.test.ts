import { expect, it } from "vitest";
import { printable, printableJson } from "./printable.js";

it("leaves nothing that a terminal takes for a command", () => {
  expect(printable("a\x1b[31m\x9b2J\u2028\x00\x7f\r\n\tb")).toBe(
    "a\\x1b[31m\\x9b2J\\u2028\\x00\\x7f\\r\\n\\tb",
  );
  expect(printable("plain – text 🦅")).toBe("plain – text 🦅");
});

it("changes nothing of what JSON says", () => {
  const value = { key: "\x9b\x1b\u2029\x7f é" };
  const json = printableJson(JSON.stringify(value));
  expect(json).toBe('{"key":"\\u009b\\u001b\\u2029\\u007f é"}');
  expect(JSON.parse(json)).toEqual(value);
});
