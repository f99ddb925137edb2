import { Code, OptionError } from "@falco-outputs/core";
import { describe, expect, it } from "vitest";
import { createClient } from "./client.js";

const tls = { ca: "", cert: "", key: "" };

// What can be told without a connection is told at once.
describe("createClient", () => {
  it.each([
    [
      { address: "falco.sock" },
      'address: "falco.sock", expected unix:///path, a path with a slash, or host:port',
    ],
    [{ address: "" }, 'address: "", expected unix:///path, a path with a slash, or host:port'],
    [{ address: "http://localhost:5060" }, 'address: "http://localhost:5060", expected'],
    [
      { address: "localhost:5060" },
      'address: "localhost:5060", expected it with tls.ca, tls.cert and tls.key (mutual TLS), or with insecure: true',
    ],
    [{ address: "[::1]:5060" }, 'address: "[::1]:5060", expected it with tls.ca'],
    [{ address: "999.1.1.1:5060", insecure: true }, 'address: "999.1.1.1:5060", expected the name of a host'],
    [{ address: "[::::]:5060", insecure: true }, 'address: "[::::]:5060", expected the name of a host'],
    [
      { address: "/run/falco.sock", tls },
      'address: "unix:///run/falco.sock", expected host:port where tls.ca, tls.cert and tls.key are given',
    ],
    [{ tls }, 'falco.sock", expected host:port where tls.ca, tls.cert and tls.key are given'],
  ])("refuses %o", (options, message) => {
    expect(() => createClient(options)).toThrow(
      expect.objectContaining({ code: Code.InvalidArgument, message: expect.stringContaining(message) }),
    );
  });

  it.each(["connectTimeoutMs", "keepAliveMs"])("refuses a %s that is not a time", (option) => {
    for (const time of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, null]) {
      expect(() => createClient({ [option]: time })).toThrow(OptionError);
      expect(() => createClient({ [option]: time })).toThrow(`${option}: ${time}, expected a time`);
    }
    expect(() => createClient({ [option]: undefined })).not.toThrow();
  });

  it.each(["[::1]:5060", "[fe80::1%eth0]:5060", "localhost:80", "müller.example:5060"])(
    "takes %s",
    async (address) => {
      await createClient({ address, insecure: true }).close();
    },
  );
});
