import { Code, FalcoError } from "@falco-outputs/core";
import { OptionError } from "@falco-outputs/core/options";
import { expect, it } from "vitest";
import { clientFlags, inFlags, serveFlags } from "./flags.js";
import { UsageError } from "./usage-error.js";

it.each([
  [
    serveFlags,
    { option: "listen[1].tls.ca", got: "ca.crt", expected: "a file that can be read" },
    '--ca: "ca.crt", expected a file that can be read',
  ],
  [
    serveFlags,
    {
      option: "inputs.http[0].address",
      got: "0.0.0.0:1",
      expected: "{inputs.http[0].tls} (mutual TLS), or {inputs.http[0].insecure}: true",
    },
    '--http: "0.0.0.0:1", expected --cert, --key and --ca (mutual TLS), or --insecure-tcp',
  ],
  [serveFlags, { option: "maxAlerts", got: 0, expected: "at least 1" }, "--capacity: 0, expected at least 1"],
  [serveFlags, { option: "web.token", expected: "16 characters" }, "--web-token: expected 16 characters"],
  [
    clientFlags,
    { option: "after", got: -1, expected: "0 or more, or {group} without it" },
    "--after: -1, expected 0 or more, or --group without it",
  ],
  // There is no flag for it.
  [clientFlags, { option: "pollIntervalMs", got: 0, expected: "more" }, "pollIntervalMs: 0, expected more"],
])("says in flags which option cannot work", (flags, problem, said) => {
  const error = inFlags(new OptionError(problem), flags);
  expect(error).toBeInstanceOf(UsageError);
  expect((error as UsageError).messages).toEqual([said]);
});

it("leaves alone what is not about options", () => {
  const refusal = new FalcoError("group: unknown", Code.InvalidArgument, { fromServer: true });
  const failure = new FalcoError("address: in use", Code.Unavailable);
  for (const error of [refusal, failure, new Error("group: x")]) {
    expect(inFlags(error, clientFlags)).toBe(error);
  }
});
