import { expect, it } from "vitest";
import { shown } from "./shown.js";

it.each([
  ["a text", "maybe", '"maybe"'],
  ["a number", 5060, "5060"],
  ["nothing", null, "null"],
  ["a list", ["a"], "a list"],
  ["a block", { password: "a" }, "a block"],
  ["who logs in", "https://me:secret@host/path", '"https://***@host/path"'],
  ["a password with every sign", "https://me:se/cr@et@host/", '"https://***@host/"'],
  ["a query", "see https://host/path?key=secret now", '"see https://host/path?*** now"'],
  ["a query that looks like who logs in", "https://host/?key=a@secret", '"https://***"'],
  ["much", "x".repeat(200), `"${"x".repeat(97)}…"`],
])("%s", (_, value, text) => {
  expect(shown(value, ["http_output", "url"])).toBe(text);
});

it("nothing under a key for a token", () => {
  expect(shown("secret", ["web", "token"])).toBe("a value that is not shown");
  expect(shown(1234, ["web", "token_file"])).toBe("a value that is not shown");
});
