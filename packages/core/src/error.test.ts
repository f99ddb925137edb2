import { describe, expect, it } from "vitest";
import { Code, codeName, FalcoError } from "./error.js";

describe("FalcoError", () => {
  it("says in its message what was tried", () => {
    const cause = new Error("deep");
    const error = new FalcoError("it broke", Code.Unavailable, { tried: "sub on unix:///x", cause });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: "FalcoError",
      message: "sub on unix:///x: it broke",
      code: Code.Unavailable,
      codeName: "UNAVAILABLE",
      tried: "sub on unix:///x",
      fromServer: false,
      cause,
    });
  });

  it("has neither a cause nor something tried where there is none", () => {
    const error = new FalcoError("it broke", Code.Internal);
    expect(error.message).toBe("it broke");
    expect(error.tried).toBeUndefined();
    expect("cause" in error).toBe(false);
  });
});

describe("codeName", () => {
  it("returns gRPC's names", () => {
    const codes = Object.values(Code).filter((code) => typeof code === "number");
    expect(codes.map(codeName)).toEqual([
      "CANCELLED",
      "UNKNOWN",
      "INVALID_ARGUMENT",
      "DEADLINE_EXCEEDED",
      "NOT_FOUND",
      "ALREADY_EXISTS",
      "PERMISSION_DENIED",
      "RESOURCE_EXHAUSTED",
      "FAILED_PRECONDITION",
      "ABORTED",
      "OUT_OF_RANGE",
      "UNIMPLEMENTED",
      "INTERNAL",
      "UNAVAILABLE",
      "DATA_LOSS",
      "UNAUTHENTICATED",
    ]);
  });
});
