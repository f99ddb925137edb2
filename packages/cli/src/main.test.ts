import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer } from "@falco-outputs/server";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ran } from "./testing/in-process.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cli-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe("exit status 1: it was tried and failed", () => {
  it("says what was tried", async () => {
    const address = join(folder, "nothing.sock");
    expect(await ran("sub", "-a", address)).toEqual({
      status: 1,
      out: "",
      err: `falco-outputs: sub on unix://${address}: there is no such socket: is the server running, and does it listen there?\n`,
    });
  });

  it("is that of a server whose address is taken", async () => {
    await using taken = await startServer();
    const { status, err } = await ran("serve", "--listen", taken.address, "--http", "127.0.0.1:0");
    expect(status).toBe(1);
    expect(err).toContain("another server listens there");
  });
});

/** With certificates that are not there. */
const tls = (...args: string[]) => [
  ...args,
  ...["ca", "cert", "key"].flatMap((name) => [`--${name}`, `/nowhere/${name}.crt`]),
];

describe("exit status 2: wrong usage", () => {
  it.each([
    [["nope"], "unknown command 'nope'"],
    [["sub", "--nope"], "unknown option '--nope'"],
    [["sub", "-n", "0"], "expected a whole number from 1"],
    [["sub", "-o", "xml"], "Allowed choices are compact, dict, json, jsonpb, table"],
    [
      ["sub", "-a", "nowhere"],
      'address: "nowhere", expected unix:///path, a path with a slash, or host:port',
    ],
    [["sub", "-a", "localhost:5060"], "needs --cert, --key and --ca (mutual TLS), or --insecure-tcp"],
    [["sub", "-a", "localhost:5060", "--cert", "x"], "--cert, --key and --ca go together"],
    [["sub", "--server-name", "x"], "--server-name goes with --cert, --key and --ca"],
    [["sub", "--min-priority", "loud"], "expected one of Emergency, Alert,"],
    [["sub", "--after", "-1"], "expected a sequence number"],
    [["sub", "--after", "18446744073709551616"], "expected a sequence number"],
    [["sub", "--last", "0"], "expected a whole number from 1"],
    [["sub", "--timeout", "5"], "expected a duration with its unit"],
    [["sub", "--timeout", "0s"], "expected a duration with its unit"],
    [["sub", "--color", "maybe"], "Allowed choices are auto, always, never"],
    [["sub", "--follow"], "unknown option '--follow'"],
    [["get", "--shared", "--acknowledge"], "unknown option '--acknowledge'"],
    [["sub", "--acknowledge"], "--acknowledge goes with --group or --shared"],
    [["sub", "--group", ""], 'group: "", expected a name'],
    [["sub", "--group", "x".repeat(257)], "expected at most 256"],
    [["sub", "--shared", "--group", "x"], "cannot be used with option"],
    [["sub", "--shared", "--after", "0"], "cannot be used with option"],
    [["sub", "--shared", "--last", "1"], "cannot be used with option"],
    [["sub", "--group", "x", "--last", "1"], "cannot be used with option"],
    [["sub", "--after", "0", "--last", "1"], "cannot be used with option"],
    [
      [...tls("sub", "-a", "x:1")],
      '--ca: "/nowhere/ca.crt", expected PEM, or the path of a file that can be read',
    ],
    [
      [...tls("serve", "--listen", "127.0.0.1:0")],
      '--ca: "/nowhere/ca.crt", expected PEM, or the path of a file that can be read',
    ],
    [["serve", "--listen", "0.0.0.0:5060"], "needs --cert, --key and --ca (mutual TLS), or --insecure-tcp"],
    [["serve", "--stdin", "--http", "0.0.0.0:5061"], "other machines can reach"],
    [["serve", "--capacity", "many"], "expected a whole number from 1"],
    [["serve", "--socket-mode", "999"], "expected an octal mode"],
    [["serve", "--stdin", "--falco-version", "new"], `--falco-version: "new", expected a version`],
    [["serve", "--web-origin", "http://localhost:8080"], "go with --web"],
    [["serve", "--web", "127.0.0.1:0", "--web-cert", "x"], "--web-cert and --web-key go together"],
    [["serve", "--web", "127.0.0.1:0", "--web-token", "/nowhere"], "--web-token /nowhere cannot be read"],
    [["serve", "--falco-version", "0.44.1", "--falco-url", "http://x"], "exclude each other"],
  ])("%j", async (args, message) => {
    const listen =
      args[0] === "serve" && !args.includes("--listen") ? ["--listen", join(folder, "s.sock")] : [];
    const { status, out, err } = await ran(...args, ...listen);
    expect({ status, out }).toEqual({ status: 2, out: "" });
    expect(err).toContain(message);
  });
});

it("tells how to use it, with status 0", async () => {
  for (const args of [
    ["--help"],
    ["serve", "--help"],
    ["sub", "--help"],
    ["get", "--help"],
    ["version", "--help"],
  ]) {
    const { status, out, err } = await ran(...args);
    expect({ status, err }).toEqual({ status: 0, err: "" });
    expect(out).toContain("Usage: falco-outputs");
  }
  const { out } = await ran("serve", "--help");
  expect(out).toContain("logs to stderr, one JSON object per line");
  expect(out).toContain("SIGUSR1 and SIGHUP");
  expect((await ran("--version")).out).toMatch(/^\d+\.\d+\.\d+\n$/);
});
