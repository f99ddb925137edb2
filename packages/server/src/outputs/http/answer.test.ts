import { describe, expect, it } from "vitest";
import { NotYet, Refused } from "../sink.js";
import { judge, waitMs } from "./answer.js";

const kindOf = (status: number, retryAfter?: string) => {
  try {
    judge({ status, retryAfter, reason: undefined }, "receiver:80");
    return "written";
  } catch (error) {
    return error instanceof Refused ? "refused" : error instanceof NotYet ? error.afterMs : "again";
  }
};

describe("an answer", () => {
  it.each([200, 201, 202, 204, 299])("%i says that the alert is taken", (status) => {
    expect(kindOf(status)).toBe("written");
  });

  it.each([408, 425, 429, 500, 502, 503, 504, 599])("%i has the alert tried again", (status) => {
    expect(kindOf(status)).toBe("again");
  });

  it.each([300, 301, 302, 307, 308, 400, 401, 403, 404, 413, 422])("%i refuses the alert", (status) => {
    expect(kindOf(status)).toBe("refused");
  });

  it("says who gave it, and why a redirect does not help", () => {
    expect(() => judge({ status: 302, retryAfter: undefined, reason: "moved" }, "receiver:80")).toThrow(
      "receiver:80 answered 302, and redirects are not followed: moved",
    );
  });

  it("may ask to wait, with 429 and 503", () => {
    expect(kindOf(429, "2")).toBe(2000);
    expect(kindOf(503, "2")).toBe(2000);
    expect(kindOf(500, "2")).toBe("again");
    expect(kindOf(503, "soon")).toBe("again");
  });
});

describe("Retry-After", () => {
  it.each([
    ["0", 0],
    ["7", 7000],
    ["86400", 30_000],
    ["99999999999999999999", 30_000],
    ["Wed, 21 Oct 2015 07:28:05 GMT", 5000],
    ["Wed, 21 Oct 2015 07:27:00 GMT", 0],
    ["-3", 0],
    ["", 0],
  ])("%j", (value, ms) => {
    expect(waitMs(value, Date.UTC(2015, 9, 21, 7, 28, 0))).toBe(ms);
  });
});
