import { describe, expect, it } from "vitest";
import { maxTimerMs, milliseconds, wholeNumber } from "./check-option.js";
import { Code, FalcoError } from "./error.js";
import { OptionError } from "./option-error.js";

describe("OptionError", () => {
  const error = new OptionError({
    option: "listen[0].address",
    got: "0.0.0.0:5060",
    expected: "mutual TLS ({listen[0].tls.ca}), or {listen[0].insecure}",
  });

  it("is a FalcoError that names the option, what it got and what is right, in the API's words", () => {
    expect(error).toBeInstanceOf(FalcoError);
    expect(error.code).toBe(Code.InvalidArgument);
    expect(error.message).toBe(
      'listen[0].address: "0.0.0.0:5060", expected mutual TLS (tls.ca), or insecure',
    );
  });

  it("is put in other words by their names for options", () => {
    const flags: Record<string, string> = {
      "listen[0].address": "--listen",
      "listen[0].tls.ca": "--ca",
      "listen[0].insecure": "--insecure-tcp",
    };
    expect(error.describe((option) => flags[option] ?? option)).toBe(
      '--listen: "0.0.0.0:5060", expected mutual TLS (--ca), or --insecure-tcp',
    );
  });

  it("tells a missing option from a secret, which it does not show", () => {
    expect(new OptionError({ option: "tls.key", got: undefined, expected: "PEM" }).message).toBe(
      "tls.key: missing, expected PEM",
    );
    const secret = new OptionError({ option: "web.token", expected: "16 characters" });
    expect(secret.message).toBe("web.token: expected 16 characters");
    expect(secret.describe(() => "--web-token")).toBe("--web-token: expected 16 characters");
  });

  it("shows what is not text without printing it all", () => {
    const message = (got: unknown) => new OptionError({ option: "o", got, expected: "text" }).message;
    expect(message(Number.NaN)).toBe("o: NaN, expected text");
    expect(message(1n)).toBe("o: 1n, expected text");
    expect(message(null)).toBe("o: null, expected text");
    expect(message([1])).toBe("o: a list, expected text");
    expect(message({})).toBe("o: an object, expected text");
    expect(message("x".repeat(1000)).length).toBeLessThan(250);
  });
});

describe("a time", () => {
  it("of undefined is the default", () => {
    expect(milliseconds("t", undefined, 5)).toBe(5);
    expect(milliseconds("t", undefined, undefined)).toBeUndefined();
  });

  it("is taken up to the longest that a timer takes", () => {
    expect(milliseconds("t", 0.5, 5)).toBe(0.5);
    expect(milliseconds("t", maxTimerMs, 5)).toBe(maxTimerMs);
  });

  it.each([0, -1, Number.NaN, maxTimerMs + 1, Number.POSITIVE_INFINITY, null, "5", 5n])(
    "%s is refused",
    (value) => {
      expect(() => milliseconds("t", value as number, 5)).toThrow(/^t: .*, expected a time in milliseconds/);
    },
  );
});

describe("a whole number", () => {
  it("is taken within its bounds", () => {
    expect(wholeNumber("n", undefined, 7)).toBe(7);
    expect(wholeNumber("n", 0, 7, { least: 0 })).toBe(0);
  });

  it.each([0, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "1"])("%s is refused", (value) => {
    expect(() => wholeNumber("n", value as number, 7)).toThrow(
      /^n: .*, expected a whole number of at least 1$/,
    );
  });
});
