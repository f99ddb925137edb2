import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FalcoOutputsServer, startServer } from "@falco-outputs/server";
import { Authority, fixtureLines, writeIdentity } from "@falco-outputs/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const command = new URL("../bin/falco-outputs.js", import.meta.url).pathname;
const alerts = fixtureLines("alerts.jsonl");

let folder: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cli-"));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

/** The command as a process of its own, and what it says. */
class Run {
  out = "";
  err = "";
  readonly child;
  readonly status: Promise<number | NodeJS.Signals>;

  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const { FORCE_COLOR, NO_COLOR, FALCO_OUTPUTS_ADDRESS, ...inherited } = process.env;
    this.child = spawn(process.execPath, [command, ...args], { env: { ...inherited, ...env } });
    children.push(this.child);
    this.child.stdout.setEncoding("utf8").on("data", (text) => {
      this.out += text;
    });
    this.child.stderr.setEncoding("utf8").on("data", (text) => {
      this.err += text;
    });
    this.status = once(this.child, "close").then(([code, signal]) => code ?? signal);
  }

  get lines(): string[] {
    return this.out.split("\n").slice(0, -1);
  }

  /** The fields of a line that was logged. */
  async logged(message: string): Promise<Record<string, unknown>> {
    const find = () => this.err.split("\n").find((line) => line.includes(`"msg":"${message}"`));
    await expect.poll(find, { timeout: 10_000 }).toBeDefined();
    return JSON.parse(find()!);
  }
}

const falcoOutputs = (...args: string[]) => new Run(args);

async function finished(...args: string[]) {
  const run = falcoOutputs(...args);
  return { status: await run.status, out: run.out, err: run.err };
}

async function post(url: string, body: string): Promise<number> {
  const sent = request(url, { method: "POST" }).end(body);
  const [response] = await once(sent, "response");
  return response.resume().statusCode;
}

describe("falco-outputs sub and get", () => {
  let server: FalcoOutputsServer;
  beforeEach(async () => {
    server = await startServer({ falco: { version: "0.44.1" } });
  });
  afterEach(() => server.stop());

  const publishAll = async () => {
    for (const alert of alerts) await server.publish(alert);
  };

  it("print one line an alert: time, priority, rule, output", async () => {
    await publishAll();
    const { status, out, err } = await finished("get", "-a", server.address);
    expect({ status, err }).toEqual({ status: 0, err: "" });
    const lines = out.trimEnd().split("\n");
    expect(lines).toHaveLength(alerts.length);
    expect(lines[5]).toBe(
      "2026-06-02T09:16:02.000000000Z Notice        Console Login Without MFA: Detected a console login without MFA | requesting user=alice, requesting IP=203.0.113.7, AWS region=eu-central-1",
    );
  });

  it("print Falco's own JSON keys plus sequence with -o json", async () => {
    const sequence = await server.publish(alerts[1]!);
    const { out } = await finished("get", "-a", server.address, "-o", "json");
    const { output_fields, ...falcos } = JSON.parse(alerts[1]!);
    expect(JSON.parse(out)).toEqual({
      ...falcos,
      sequence: Number(sequence),
      output_fields: expect.objectContaining({ "user.uid": "4294967295", "proc.aname[4]": "<NA>" }),
    });
  });

  it("end after -n alerts", async () => {
    await publishAll();
    const { status, out } = await finished("sub", "-a", server.address, "-n", "2");
    expect(status).toBe(0);
    expect(out.trimEnd().split("\n")).toHaveLength(2);
  });

  it.each(["SIGINT", "SIGTERM"] as const)("end cleanly on %s", async (signal) => {
    const sub = falcoOutputs("sub", "-a", server.address);
    await server.waitForSubscribers(1);
    await server.publish(alerts[0]!);
    await expect.poll(() => sub.lines.length).toBe(1);
    sub.child.kill(signal);
    expect(await sub.status).toBe(0);
    expect(sub.err).toBe("");
    await server.waitForSubscribers(0);
  });

  it("end quietly when nobody reads what they print", async () => {
    const sub = falcoOutputs("sub", "-a", server.address);
    await server.waitForSubscribers(1);
    sub.child.stdout.destroy();
    const publishing = setInterval(() => server.publish(alerts[0]!), 5);
    expect(await sub.status).toBe(0);
    clearInterval(publishing);
    expect(sub.err).toBe("");
  });

  it("take the address from FALCO_OUTPUTS_ADDRESS", async () => {
    await server.publish(alerts[0]!);
    const run = new Run(["get"], { FALCO_OUTPUTS_ADDRESS: server.address });
    expect(await run.status).toBe(0);
    expect(run.lines).toHaveLength(1);
  });

  it("colour priorities only where colours are wanted", async () => {
    await publishAll();
    const plain = await finished("get", "-a", server.address);
    expect(plain.out).not.toContain("\u001b");
    await publishAll();
    const forced = new Run(["get", "-a", server.address], { FORCE_COLOR: "1" });
    await forced.status;
    expect(forced.lines.every((line) => line.includes("\u001b["))).toBe(true);
    await publishAll();
    const refused = new Run(["get", "-a", server.address], { NO_COLOR: "1" });
    await refused.status;
    expect(refused.lines).toHaveLength(alerts.length);
    expect(refused.out).not.toContain("\u001b");
  });

  it.each(["compact", "json"])(
    "let no control character of an alert reach the terminal (%s)",
    async (format) => {
      const evil = "\u001b[2J\u0007\u009b31m\r\n\u007f";
      await server.publish({ rule: evil, priority: "Notice", output: evil, outputFields: { [evil]: evil } });
      const { out } = await finished("get", "-a", server.address, "-o", format);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      expect(out.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
      if (format === "json")
        expect(JSON.parse(out)).toMatchObject({ rule: evil, output_fields: { [evil]: evil } });
    },
  );

  it("tell Falco's version", async () => {
    expect(await finished("version", "-a", server.address)).toEqual({ status: 0, out: "0.44.1\n", err: "" });
    const { out } = await finished("version", "-a", server.address, "-o", "json");
    expect(JSON.parse(out)).toMatchObject({ version: "0.44.1", major: 0, minor: 44, patch: 1 });
  });
});

describe("exit status 1: it was tried and failed", () => {
  it("says what was tried", async () => {
    const address = join(folder, "nothing.sock");
    expect(await finished("sub", "-a", address)).toEqual({
      status: 1,
      out: "",
      err: `falco-outputs: sub on unix://${address}: there is no such socket: is the server running, and does it listen there?\n`,
    });
  });

  it("is that of a server whose address is taken", async () => {
    await using taken = await startServer();
    const { status, err } = await finished("serve", "--listen", taken.address, "--http", "127.0.0.1:0");
    expect(status).toBe(1);
    expect(err).toContain("another server listens there");
  });
});

describe("exit status 2: wrong usage", () => {
  it.each([
    [["nope"], "unknown command 'nope'"],
    [["sub", "--nope"], "unknown option '--nope'"],
    [["sub", "-n", "0"], "expected a whole number from 1"],
    [["sub", "-o", "xml"], "Allowed choices are compact, json"],
    [
      ["sub", "-a", "nowhere"],
      'address: "nowhere", expected unix:///path, a path with a slash, or host:port',
    ],
    [["sub", "-a", "localhost:5060"], "needs --cert, --key and --ca (mutual TLS), or --insecure-tcp"],
    [["sub", "-a", "localhost:5060", "--cert", "x"], "--cert, --key and --ca go together"],
    [["serve", "--listen", "0.0.0.0:5060"], "needs --cert, --key and --ca (mutual TLS), or --insecure-tcp"],
    [["serve", "--stdin", "--http", "0.0.0.0:5061"], "other machines can reach"],
    [["serve", "--capacity", "many"], "expected a whole number from 1"],
    [["serve", "--socket-mode", "999"], "expected an octal mode"],
    [["serve", "--stdin", "--falco-version", "new"], "expected Falco's version"],
    [["serve", "--falco-version", "0.44.1", "--falco-url", "http://x"], "exclude each other"],
  ])("%j", async (args, message) => {
    const listen =
      args[0] === "serve" && !args.includes("--listen") ? ["--listen", join(folder, "s.sock")] : [];
    const { status, out, err } = await finished(...args, ...listen);
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
    const { status, out, err } = await finished(...args);
    expect({ status, err }).toEqual({ status: 0, err: "" });
    expect(out).toContain("Usage: falco-outputs");
  }
  expect((await finished("--version")).out).toMatch(/^\d+\.\d+\.\d+\n$/);
});

describe("falco-outputs serve", () => {
  it("logs one line when it is ready, serves, and lets go of everything on SIGTERM", async () => {
    const address = join(folder, "falco.sock");
    const serve = falcoOutputs("serve", "--listen", address, "--http", "127.0.0.1:0", "--socket-mode", "660");
    const ready = await serve.logged("ready");
    expect(ready).toMatchObject({ level: "info", listen: [`unix://${address}`] });
    expect(serve.err.trimEnd().split("\n")).toHaveLength(1);
    expect(statSync(address).mode & 0o777).toBe(0o660);
    expect(await post(ready.http as string, alerts[0]!)).toBe(200);
    expect((await finished("get", "-a", address)).out).toContain("Terminal shell in container");
    serve.child.kill("SIGTERM");
    expect(await serve.status).toBe(0);
    expect(serve.out).toBe("");
    expect(existsSync(address)).toBe(false);
    expect(await serve.logged("stopping")).toMatchObject({ appended: 1, delivered: 1, left: 0 });
  });

  it("takes alerts from standard input, and ends with it once they are taken", async () => {
    const address = join(folder, "falco.sock");
    const serve = falcoOutputs("serve", "--listen", address, "--stdin");
    expect(await serve.logged("ready")).not.toHaveProperty("http");
    const sub = falcoOutputs("sub", "-a", address, "-o", "json", "-n", `${alerts.length}`);
    serve.child.stdin.end(`${alerts.join("\n")}\nEvents detected: 13\n`);
    expect(await sub.status).toBe(0);
    expect(sub.lines).toHaveLength(alerts.length);
    expect(await serve.status).toBe(0);
    expect(await serve.logged("rejected what is no alert")).toMatchObject({ input: "lines", rejected: 1 });
  });

  it("goes on when standard input ends but the http input is there as well", async () => {
    const address = join(folder, "falco.sock");
    const serve = falcoOutputs("serve", "--listen", address, "--stdin", "--http", "127.0.0.1:0");
    const { http } = await serve.logged("ready");
    serve.child.stdin.end();
    await serve.logged("standard input has ended");
    expect(await post(http as string, alerts[0]!)).toBe(200);
    serve.child.kill("SIGINT");
    expect(await serve.status).toBe(0);
  });

  it("retains as many alerts as --capacity says, and logs what it dropped", async () => {
    const address = join(folder, "falco.sock");
    const args = ["--listen", address, "--http", "127.0.0.1:0", "--capacity", "3"];
    const serve = falcoOutputs("serve", ...args);
    const { http } = await serve.logged("ready");
    expect(await post(http as string, alerts.join("\n"))).toBe(200);
    expect((await finished("get", "-a", address)).out.trimEnd().split("\n")).toHaveLength(3);
    expect(
      await serve.logged("the queue is full: the oldest alerts were dropped before anyone took them"),
    ).toMatchObject({ level: "warn", lost: alerts.length - 3 });
  });

  it("serves over mutual TLS", async () => {
    const authority = await Authority.create();
    const server = writeIdentity(join(folder, "server"), "server", authority.ca, await authority.issue());
    const client = writeIdentity(join(folder, "client"), "client", authority.ca, await authority.issue());
    const tls = ({ ca, cert, key }: typeof server) => ["--ca", ca, "--cert", cert, "--key", key];
    const serve = falcoOutputs("serve", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", ...tls(server));
    const { listen, http } = await serve.logged("ready");
    expect(await post(http as string, alerts[0]!)).toBe(200);
    const [address] = listen as string[];
    expect((await finished("get", "-a", address!, ...tls(client))).out).toContain(
      "Terminal shell in container",
    );
    const named = ["--server-name", "another.example"];
    expect((await finished("get", "-a", address!, ...tls(client), ...named)).err).toContain(
      "for another name",
    );
  });
});
