import { expect, it } from "vitest";
import { OptionError } from "./option-error.js";
import { parseAddress } from "./parse-address.js";

it("returns the address", () => {
  expect(parseAddress("unix:///run/falco.sock")).toEqual({ kind: "unix", path: "/run/falco.sock" });
});

it.each(["", "falco.sock", "localhost"])("refuses %j and says what would be right", (text) => {
  const message = `${JSON.stringify(text)}, expected unix:///path, a path with a slash, or host:port`;
  expect(() => parseAddress(text)).toThrow(OptionError);
  expect(() => parseAddress(text)).toThrow(`address: ${message}`);
  expect(() => parseAddress(text, "listen[0]")).toThrow(`listen[0]: ${message}`);
});
