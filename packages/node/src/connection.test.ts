import { Code } from "@falco-outputs/core";
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
      "address: localhost:5060 needs tls (ca, cert and key), or insecure: true",
    ],
    [{ address: "[::1]:5060" }, "address: [::1]:5060 needs tls"],
    [{ address: "999.1.1.1:5060", insecure: true }, 'address: "999.1.1.1:5060" has no valid host'],
    [{ address: "[::::]:5060", insecure: true }, 'address: "[::::]:5060" has no valid host'],
    [{ address: "/run/falco.sock", tls }, "address: /run/falco.sock is a unix socket, where tls has no use"],
    [{ tls }, "address: /run/falco/falco.sock is a unix socket, where tls has no use"],
  ])("refuses %o", (options, message) => {
    expect(() => createClient(options)).toThrow(
      expect.objectContaining({ code: Code.InvalidArgument, message: expect.stringContaining(message) }),
    );
  });

  it.each(["[::1]:5060", "[fe80::1%eth0]:5060", "localhost:80", "müller.example:5060"])(
    "takes %s",
    async (address) => {
      await createClient({ address, insecure: true }).close();
    },
  );
});
