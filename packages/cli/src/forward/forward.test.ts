import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@falco-outputs/node";
import { type FalcoOutputsServer, startServer } from "@falco-outputs/server";
import { fixtureBody, fixtureLines } from "@falco-outputs/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ran } from "../testing/in-process.js";
import { endRuns, Run } from "../testing/run.js";

const alerts = fixtureLines("alerts.jsonl");
const alertOf = (index: number) => JSON.stringify({ rule: `rule ${index}`, priority: "Notice" });

let folder: string;
let address: string;
let server: FalcoOutputsServer;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "forward-"));
  address = `unix://${join(folder, "input.sock")}`;
  server = await startServer({ inputs: { http: [address, "127.0.0.1:0"] } });
});
afterEach(async () => {
  endRuns();
  await server.stop();
  rmSync(folder, { recursive: true });
});

/** Runs `forward` with this on its standard input. */
async function forward(input: string | Buffer, args: readonly string[] = ["-a", address], env = {}) {
  const run = new Run(["forward", ...args], { FALCO_OUTPUTS_INPUT: "", ...env });
  run.child.stdin.on("error", () => undefined).end(input);
  return { status: await run.status, out: run.out, err: run.err };
}

async function rules(): Promise<string[]> {
  await using client = createClient({ address: server.address });
  const rules: string[] = [];
  for await (const alert of client.get({ broadcast: true })) rules.push(alert.rule);
  return rules;
}

const done = { status: 0, out: "", err: "" };

describe("falco-outputs forward", () => {
  it("posts an alert and says nothing", async () => {
    expect(await forward(`${alerts[0]}\n`)).toEqual(done);
    expect(await rules()).toEqual([JSON.parse(alerts[0]!).rule]);
  });

  it("posts several lines, also more than a pipe holds, and Falco's text form", async () => {
    const text = "13:53:31.726060287: Critical Some text (user=root)";
    const many = Array.from({ length: 5_000 }, (_, index) => alertOf(index));
    expect(await forward([...many, text].join("\n"))).toEqual(done);
    expect(await rules()).toHaveLength(5_001);
  });

  it("posts an alert of Falco's text form over several lines as one", async () => {
    const text = fixtureBody("text-alert-over-lines");
    expect(await forward(text)).toEqual(done);
    expect(server.stats().inputs.http).toEqual({ accepted: 1, rejected: 0 });
  });

  it("exits 1 when some of it is refused, and says how much", async () => {
    const { status, out, err } = await forward(
      [alertOf(1), "Events detected: 1", alertOf(2), "{}"].join("\n"),
    );
    expect([status, out]).toEqual([1, ""]);
    expect(err).toBe(
      `falco-outputs: ${address}: 2 parts of standard input are not alerts and were refused; the rest is queued. The server's log says why\n`,
    );
    expect(await rules()).toEqual(["rule 1", "rule 2"]);
    const one = await forward(`[${alertOf(3)},{}]`);
    expect([one.status, one.err]).toEqual([
      1,
      expect.stringContaining("1 part of standard input is not an alert and was refused"),
    ]);
  });

  it("reaches the server by the environment, or on a loopback address", async () => {
    expect(await forward(alertOf(1), [], { FALCO_OUTPUTS_INPUT: address })).toEqual(done);
    expect(await forward(alertOf(2), [`--address=${new URL(server.httpUrl!).host}`])).toEqual(done);
    expect(await forward(alertOf(3), ["--address", address.slice("unix://".length)])).toEqual(done);
    expect(await rules()).toEqual(["rule 1", "rule 2", "rule 3"]);
  });

  it("takes the addresses that serve logs", async () => {
    for (const url of server.httpUrls) {
      expect(await forward(alertOf(1), [], { FALCO_OUTPUTS_INPUT: url })).toEqual(done);
      expect(await forward(alertOf(1), ["-a", url])).toEqual(done);
    }
    expect(await rules()).toHaveLength(2 * server.httpUrls.length);
  });

  it("names the variable whose address cannot be", async () => {
    const { status, err } = await forward(alertOf(1), [], { FALCO_OUTPUTS_INPUT: "falco.example:1" });
    expect([status, err]).toEqual([
      2,
      expect.stringContaining("FALCO_OUTPUTS_INPUT falco.example:1: alerts are posted without TLS"),
    ]);
  });

  // That of root's comes first.
  it.skipIf(existsSync("/run/falco/falco-input.sock"))("finds a server of the same user", async () => {
    const own = await startServer({ inputs: { http: [join(folder, "falco-input.sock")] } });
    const { status, err } = await forward(alertOf(1), [], { XDG_RUNTIME_DIR: folder });
    expect([status, err]).toEqual([0, ""]);
    expect(own.stats().appended).toBe(1);
    await own.stop();
  });

  it("reads a standard input that does not block", async () => {
    const [command] = process.argv;
    const bin = new URL("../../bin/falco-outputs.js", import.meta.url).pathname;
    // A socket of Node's is set so, and the one who inherits it finds it so.
    const code = `const s = require("net").createServer((c) => {
      const child = require("child_process").spawn(process.execPath, [${JSON.stringify(bin)}, "forward", "-a", ${JSON.stringify(address)}], { stdio: [c, "inherit", "inherit"] });
      child.on("exit", (code) => process.exit(code));
    }).listen(${JSON.stringify(join(folder, "in.sock"))}, () => {
      const c = require("net").connect(${JSON.stringify(join(folder, "in.sock"))});
      setTimeout(() => c.end(${JSON.stringify(alertOf(7))}), 300);
    });`;
    const [status] = await once(spawn(command!, ["-e", code], { stdio: "inherit" }), "exit");
    expect(status).toBe(0);
    expect(await rules()).toEqual(["rule 7"]);
  });

  it("loses nothing in 80 in four rows, nor in 20 at once", async () => {
    const inRow = async (row: number) => {
      for (let index = 0; index < 20; index++) expect(await forward(alertOf(20 * row + index))).toEqual(done);
    };
    await Promise.all([0, 1, 2, 3].map(inRow));
    const atOnce = Array.from({ length: 20 }, (_, index) => forward(alertOf(80 + index)));
    for (const result of await Promise.all(atOnce)) expect(result).toEqual(done);
    const got = (await rules()).map((rule) => Number(rule.slice("rule ".length)));
    const numbers = Array.from({ length: 100 }, (_, index) => index);
    for (const row of [0, 1, 2, 3]) {
      const isOfRow = (number: number) => number < 80 && Math.floor(number / 20) === row;
      expect(got.filter(isOfRow)).toEqual(numbers.filter(isOfRow));
    }
    expect(got.sort((a, b) => a - b)).toEqual(numbers);
  }, 180_000);

  it.each([
    ["an empty standard input", "", "standard input is empty: expected alerts, one per line"],
    ["blank lines alone", " \n\r\n", "standard input is empty: expected alerts, one per line"],
    [
      "what is not an alert",
      "hello",
      'refused it: not an alert: neither JSON nor "TIME: PRIORITY TEXT" as Falco writes it',
    ],
    ["too much", Buffer.alloc(4 * 1024 * 1024 + 1, "x"), "standard input has more than 4194304 bytes"],
  ])("fails at %s", async (_, input, reason) => {
    const { status, out, err } = await forward(input);
    expect([status, out]).toEqual([1, ""]);
    expect(err).toMatch(/^falco-outputs: .*\n$/);
    expect(err).toContain(reason);
  });

  it("fails when no server is there, or another file", async () => {
    const nowhere = `unix://${join(folder, "nowhere.sock")}`;
    expect(await forward(alertOf(1), ["-a", nowhere])).toEqual({
      status: 1,
      out: "",
      err: `falco-outputs: ${nowhere}: no server listens there: start one with falco-outputs serve, or give its address (--address)\n`,
    });
    writeFileSync(join(folder, "file"), "");
    expect((await forward(alertOf(1), ["-a", join(folder, "file")])).status).toBe(1);
  });

  it.each([
    ["address", ["-a", "falco.example:5061"], "alerts are posted without TLS, to this machine only"],
    ["address", ["-a", "https://127.0.0.1:1/"], "expected unix:///path, or host:port of a loopback address"],
    ["address", ["-a", "http://127.0.0.1:1/path"], "expected unix:///path, or host:port of a loopback"],
    ["timeout", ["--timeout", "2"], "expected a duration with its unit"],
    ["option", ["--adress", "x"], "unknown option '--adress'"],
  ])("exits 2 for wrong usage: %s, %j", async (_, args, reason) => {
    const { status, err } = await forward(alertOf(1), args);
    expect([status, err]).toEqual([2, expect.stringContaining(reason)]);
  });

  it("loads nothing but its own few files", async () => {
    const coverage = join(folder, "coverage");
    expect(await forward(alertOf(1), ["-a", address], { NODE_V8_COVERAGE: coverage })).toEqual(done);
    const [report] = readdirSync(coverage);
    const { result } = JSON.parse(readFileSync(join(coverage, report!), "utf8"));
    const files = result
      .map(({ url }: { url: string }) => url)
      .filter((url: string) => url.startsWith("file:"));
    expect(files.length).toBeGreaterThan(5);
    expect(files.length).toBeLessThan(10);
    const own =
      /\/(?:cli\/(?:bin|dist)\/(?:falco-outputs|(?:forward|args|connection)\/[a-z-]+)|core\/dist\/address)\.js$/;
    expect(files.filter((url: string) => !own.test(url))).toEqual([]);
  });

  it("tells about itself", async () => {
    const { status, out } = await ran("forward", "--help");
    expect([status, out]).toEqual([0, expect.stringContaining("--timeout <duration>")]);
    expect((await ran("--help")).out).toMatch(/^ {2}forward \[options\] +Post the alerts/m);
  });
});

describe("a server that does not do its part", () => {
  let broken: Server;
  const listen = async (onSocket: (socket: Socket) => void) => {
    const path = join(folder, "broken.sock");
    broken = createServer((socket) => onSocket(socket.on("error", () => undefined)));
    await once(broken.listen(path), "listening");
    return ["-a", path];
  };
  afterEach(() => new Promise((resolve) => broken.close(resolve)));

  it("is not waited for longer than --timeout", async () => {
    const args = await listen((socket) => socket.resume());
    const { status, err } = await forward(alertOf(1), [...args, "--timeout", "300ms"]);
    expect([status, err]).toEqual([1, expect.stringContaining("no answer within 300 ms (--timeout)")]);
  });

  it("is waited for 2 s if nothing else is said, also while it answers", async () => {
    const args = await listen((socket) =>
      socket.resume().write("HTTP/1.1 503 Full\r\ncontent-length: 9\r\n\r\nabc"),
    );
    const { status, err } = await forward(alertOf(1), args);
    expect([status, err]).toEqual([1, expect.stringContaining("no answer within 2000 ms")]);
  });

  it.each([
    ["closes the connection", "", "closed the connection without an answer"],
    ["answers nonsense", "nonsense\r\n\r\n", "does not speak HTTP"],
    [
      "answers without a reason",
      "HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n",
      "refused it: HTTP status 500",
    ],
    [
      "breaks off its answer",
      "HTTP/1.1 200 OK\r\ncontent-length",
      "closed the connection in the middle of its answer",
    ],
    ["answers what a terminal obeys", "HTTP/1.1 500 Oh\r\n\r\n\u001b[2J", "refused it: \\x1b[2J"],
  ])("is told when it %s", async (_, answer, reason) => {
    const args = await listen((socket) => socket.once("data", () => socket.end(answer)));
    const { status, err } = await forward(alertOf(1), args);
    expect([status, err]).toEqual([1, expect.stringContaining(reason)]);
  });
});
