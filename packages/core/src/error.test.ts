import { ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { Code, codeName, FalcoError, falcoError } from "./error.js";

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
  it("gives gRPC's names", () => {
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

describe("falcoError", () => {
  const explain = () => ({ message: "start it", code: Code.Unavailable });

  it("leaves a FalcoError as it is", () => {
    const error = new FalcoError("it broke", Code.Internal);
    expect(falcoError(error, "sub", explain)).toBe(error);
  });

  it("puts a reason of this side in the words of explain", () => {
    const reason = new Error("connect ENOENT");
    const error = falcoError(reason, "sub on x", explain);
    expect(error).toMatchObject({ message: "sub on x: start it", code: Code.Unavailable, cause: reason });
    expect(error.fromServer).toBe(false);
  });

  it("keeps the words and the code of a reason that explain cannot place", () => {
    const error = falcoError(new ConnectError("late", Code.DeadlineExceeded), "get", () => undefined);
    expect(error).toMatchObject({ message: "get: late", code: Code.DeadlineExceeded, fromServer: false });
  });

  it.each([
    ["gRPC", { "grpc-status": "14" }],
    ["a Connect stream", { "content-type": "application/connect+proto" }],
    ["a Connect call", { "content-type": "application/json" }],
  ])("never explains away what the server said: %s", (_, metadata) => {
    const error = falcoError(new ConnectError("stopping", Code.Aborted, metadata), "sub", explain);
    expect(error).toMatchObject({ message: "sub: stopping", code: Code.Aborted, fromServer: true });
  });

  it.each([[undefined], ["text"], [{ some: "object" }]])("takes %o for a reason too", (reason) => {
    expect(falcoError(reason, "sub")).toMatchObject({ code: Code.Unknown, message: `sub: ${reason}` });
  });
});
