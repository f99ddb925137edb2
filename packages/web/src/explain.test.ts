import { Code as ConnectCode, ConnectError } from "@connectrpc/connect";
import { afterEach, describe, expect, it, vi } from "vitest";
import { explainFor } from "./explain.js";
import { Code } from "./index.js";

afterEach(() => vi.unstubAllGlobals());

const explain = (reason: unknown, baseUrl = "http://falco.example:5062") =>
  explainFor(new URL(baseUrl), false)(ConnectError.from(reason));

/** As if the code ran in a page. */
function openPage(href: string): void {
  vi.stubGlobal("location", new URL(href));
}

describe.each([
  ["Chromium", "Failed to fetch"],
  ["Firefox", "NetworkError when attempting to fetch resource."],
  ["Safari", "Load failed"],
])("no answer in %s", (_, message) => {
  const reason = new TypeError(message);

  it("may be a page that the server does not allow", () => {
    openPage("https://dashboard.example/alerts");
    expect(explain(reason, "https://falco.example:5062")).toEqual({
      code: Code.Unavailable,
      message:
        "no answer: is the server running, and does it allow pages of https://dashboard.example (allowedOrigins; --web-origin)?",
    });
  });

  it("is not that for the page's own server", () => {
    openPage("https://falco.example:5062/alerts");
    expect(explain(reason, "https://falco.example:5062")).toEqual({
      code: Code.Unavailable,
      message: "no answer: is the server running?",
    });
  });

  it("is mixed content where a page over https asks another machine over http", () => {
    openPage("https://dashboard.example/alerts");
    expect(explain(reason)).toMatchObject({
      code: Code.InvalidArgument,
      message: expect.stringContaining("mixed content"),
    });
    for (const host of ["127.0.0.1", "localhost", "[::1]", "falco.localhost"]) {
      expect(explain(reason, `http://${host}:5062`)).toMatchObject({ code: Code.Unavailable });
    }
  });
});

it.each<[string, unknown]>([
  ["Chromium's stream", new TypeError("network error")],
  ["Firefox's stream", new TypeError("Error in input stream")],
  ["Node's stream", new TypeError("terminated")],
  ["a Connect stream without its end", "missing EndStreamResponse"],
  ["a gRPC-Web stream without its end", "missing trailer"],
])("a connection was lost: %s", (_, reason) => {
  expect(explain(reason)).toEqual({ code: Code.Unavailable, message: "the connection was lost" });
});

it("leaves to Connect what it has words for", () => {
  expect(explain(new ConnectError("HTTP 503", ConnectCode.Unavailable))).toBeUndefined();
  expect(explain(new DOMException("The user aborted a request.", "AbortError"))).toBeUndefined();
});
