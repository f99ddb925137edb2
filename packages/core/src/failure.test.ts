import { ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { CallbackError } from "./callback-error.js";
import { Code, FalcoError } from "./error.js";
import { failureOf } from "./failure.js";

const explain = () => ({ message: "start it", code: Code.Unavailable });

describe("the error of a failed call", () => {
  it("is a FalcoError as it came", () => {
    const error = new FalcoError("it broke", Code.Internal);
    expect(failureOf(error, "sub", explain)).toMatchObject({ thrown: error, error });
  });

  it("has the words of explain for a reason of this side", () => {
    const reason = new Error("connect ENOENT");
    const { error, thrown, isTransient } = failureOf(reason, "sub on x", explain);
    expect(error).toMatchObject({ message: "sub on x: start it", code: Code.Unavailable, cause: reason });
    expect(error.fromServer).toBe(false);
    expect([thrown, isTransient]).toEqual([error, true]);
  });

  it("keeps the words and the code of a reason that explain does not know", () => {
    const { error } = failureOf(new ConnectError("late", Code.DeadlineExceeded), "get", () => undefined);
    expect(error).toMatchObject({ message: "get: late", code: Code.DeadlineExceeded, fromServer: false });
  });

  it.each([
    ["gRPC", { "grpc-status": "14" }],
    ["a Connect stream", { "content-type": "application/connect+proto" }],
    ["a Connect call", { "content-type": "application/json" }],
  ])("is never explained away when the server sent it: %s", (_, metadata) => {
    const { error } = failureOf(new ConnectError("stopping", Code.Aborted, metadata), "sub", explain);
    expect(error).toMatchObject({ message: "sub: stopping", code: Code.Aborted, fromServer: true });
  });

  it.each([[undefined], ["text"], [{ some: "object" }]])("may have %o for a reason too", (reason) => {
    expect(failureOf(reason, "sub").error).toMatchObject({ code: Code.Unknown, message: `sub: ${reason}` });
  });
});

describe("another attempt", () => {
  it.each<[string, Code, boolean]>([
    ["it is away", Code.Unavailable, true],
    ["it is busy", Code.ResourceExhausted, true],
    ["it ended the stream", Code.Aborted, true],
    ["the group has another filter", Code.FailedPrecondition, false],
    ["the request is wrong", Code.InvalidArgument, false],
    ["it has a bug", Code.Internal, false],
  ])("follows what the server says only if that may pass: %s", (_, code, isTransient) => {
    expect(failureOf(new ConnectError("", code, { "grpc-status": `${code}` }), "sub")).toMatchObject({
      isTransient,
    });
  });

  it.each<[string, unknown]>([
    ["Node's", Object.assign(new Error("connect EADDRNOTAVAIL"), { code: "EADDRNOTAVAIL" })],
    ["fetch's in Chromium", new TypeError("Failed to fetch")],
    ["fetch's in Firefox, cut off", new TypeError("Error in input stream")],
    ["fetch's in Node", new TypeError("fetch failed")],
    ["a transport's own", new ConnectError("PING timed out", Code.Unavailable)],
  ])("follows a failure of the network: %s", (_, reason) => {
    expect(failureOf(ConnectError.from(reason), "sub")).toMatchObject({ isTransient: true });
  });

  it.each([
    new TypeError("undefined is not a function"),
    new ReferenceError("token is not defined"),
    new RangeError("Maximum call stack size exceeded"),
    new SyntaxError("Unexpected end of JSON input"),
  ])("never follows a bug, which reaches the caller as it is: %s", (bug) => {
    const wrapped = new ConnectError("", Code.Unknown, undefined, undefined, bug);
    for (const reason of [bug, wrapped]) {
      expect(failureOf(reason, "sub")).toMatchObject({ thrown: bug, isTransient: false });
    }
  });

  it.each([new Error("no token"), new TypeError("fetch failed"), "a string"])(
    "never follows what a function of the caller's threw, which reaches the caller as it is: %s",
    (thrown) => {
      const reason = ConnectError.from(new CallbackError(thrown));
      expect(failureOf(reason, "sub", explain)).toMatchObject({ thrown, isTransient: false });
    },
  );

  it("follows what a function of the caller's threw with a code that may pass", () => {
    const thrown = new ConnectError("no token today", Code.Unavailable);
    const { error, ...failure } = failureOf(ConnectError.from(new CallbackError(thrown)), "sub", explain);
    expect(failure).toMatchObject({ thrown, isTransient: true });
    expect(error).toMatchObject({
      message: "sub: no token today",
      code: Code.Unavailable,
      fromServer: false,
    });
  });

  it("needs no wait if explain says so", () => {
    const goodbye = () => ({ ...explain(), retryAtOnce: true });
    expect(failureOf(new Error("GOAWAY"), "sub", goodbye)).toMatchObject({
      isTransient: true,
      retryAtOnce: true,
    });
    expect(failureOf(new Error("lost"), "sub", explain)).toMatchObject({ retryAtOnce: false });
  });
});
