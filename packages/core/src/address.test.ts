import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Address, formatAddress, isLoopback, readAddress } from "./address.js";

describe("readAddress", () => {
  it.each<[string, Address]>([
    ["unix:///run/falco/falco.sock", { kind: "unix", path: "/run/falco/falco.sock" }],
    ["unix:/run/falco/falco.sock", { kind: "unix", path: "/run/falco/falco.sock" }],
    ["unix:falco.sock", { kind: "unix", path: "falco.sock" }],
    ["/run/falco/falco.sock", { kind: "unix", path: "/run/falco/falco.sock" }],
    ["./falco.sock", { kind: "unix", path: "./falco.sock" }],
    ["/run/a:5060", { kind: "unix", path: "/run/a:5060" }],
    ["localhost:5060", { kind: "tcp", host: "localhost", port: 5060 }],
    ["falco.example:0", { kind: "tcp", host: "falco.example", port: 0 }],
    ["127.0.0.1:65535", { kind: "tcp", host: "127.0.0.1", port: 65535 }],
    ["[::1]:5060", { kind: "tcp", host: "::1", port: 5060 }],
    ["[fe80::1%eth0]:5060", { kind: "tcp", host: "fe80::1%eth0", port: 5060 }],
  ])("reads %s", (text, address) => {
    expect(readAddress(text)).toEqual(address);
  });

  it.each([
    "",
    "unix:",
    "unix://",
    "falco.sock",
    "localhost",
    "localhost:",
    "localhost:65536",
    ":5060",
    "::1:5060",
    "[::1]",
    "[localhost]:5060",
    "local host:5060",
    "user@localhost:5060",
    "localhost?a:5060",
    "a%b:5060",
    "http://localhost:5060",
    "localhost:5060 ",
  ])("does not read %j", (text) => {
    expect(readAddress(text)).toBeUndefined();
  });
});

describe("formatAddress", () => {
  const path = fc.stringMatching(/^[\w.-][\w./ -]*$/);
  const addresses: fc.Arbitrary<Address> = fc.oneof(
    fc.record({
      kind: fc.constant("unix" as const),
      path: fc.oneof(
        path,
        path.map((p) => `/${p}`),
      ),
    }),
    fc.record({
      kind: fc.constant("tcp" as const),
      host: fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain()),
      port: fc.integer({ min: 0, max: 65_535 }),
    }),
  );

  it("writes what readAddress reads", () => {
    fc.assert(
      fc.property(addresses, (address) => {
        expect(readAddress(formatAddress(address))).toEqual(address);
      }),
    );
  });

  it.each<[Address, string]>([
    [{ kind: "unix", path: "/run/falco.sock" }, "unix:///run/falco.sock"],
    [{ kind: "unix", path: "falco.sock" }, "unix:falco.sock"],
    [{ kind: "tcp", host: "::1", port: 5060 }, "[::1]:5060"],
    [{ kind: "tcp", host: "falco.example", port: 5060 }, "falco.example:5060"],
  ])("writes %o as %s", (address, text) => {
    expect(formatAddress(address)).toBe(text);
  });
});

describe("isLoopback", () => {
  it.each(["localhost", "127.0.0.1", "127.8.8.8", "::1"])("knows %s", (host) => {
    expect(isLoopback(host)).toBe(true);
  });

  it.each(["0.0.0.0", "::", "127.example", "falco.localhost", "10.0.0.1", "localhost.example"])(
    "does not take %s for one",
    (host) => {
      expect(isLoopback(host)).toBe(false);
    },
  );
});
