import { once } from "node:events";
import { mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fixtureLines, fixturePath } from "@falco-outputs/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ran } from "../../testing/in-process.js";
import { endRuns, falcoOutputs, falcoOutputsFrom, Run } from "../../testing/run.js";

const lines = fixtureLines("alerts.jsonl");
const rules = lines.map((line): string => JSON.parse(line).rule);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "input-"));
});
afterEach(() => {
  endRuns();
  rmSync(folder, { recursive: true });
});

function file(content: string | Buffer): string {
  const path = join(folder, "alerts");
  writeFileSync(path, content);
  return path;
}

async function printed(path: string, ...args: string[]) {
  const { status, out, err } = await ran("get", "--input", path, "-o", "json", ...args);
  const alerts = out.split("\n").slice(0, -1);
  return { status, err, rules: alerts.map((line): string => JSON.parse(line).rule) };
}

const alert = (output: string, more: object = {}) =>
  JSON.stringify({ rule: "R", priority: "Notice", output, ...more });

describe("--input", () => {
  it.each(["get", "sub"])("prints a file's alerts with %s, and ends", async (method) => {
    const { status, out, err } = await ran(method, "--input", fixturePath("alerts.jsonl"), "-o", "json");
    expect({ status, err }).toEqual({ status: 0, err: "" });
    expect(
      out
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).rule),
    ).toEqual(rules);
  });

  it("takes Falco's text form", async () => {
    const texts = fixtureLines("alerts.txt").slice(0, 4);
    const { status, out, err } = await ran("get", "--input", file(texts.join("\n")), "-o", "json");
    expect({ status, err }).toEqual({ status: 0, err: "" });
    expect(
      out
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).output),
    ).toEqual(texts);
  });

  it("reads standard input with -", async () => {
    const run = falcoOutputsFrom(
      openSync(fixturePath("alerts.jsonl"), "r"),
      "get",
      "--input",
      "-",
      "-o",
      "json",
    );
    expect(await run.status).toBe(0);
    expect(run.lines).toHaveLength(lines.length);
  });

  it("prints what comes on standard input as it comes, and ends after -n alerts", async () => {
    const run = falcoOutputs("get", "--input", "-", "-n", "2", "-o", "json");
    run.child.stdin.write(`${alert("a")}\n${alert("b").slice(0, 9)}`);
    await expect.poll(() => run.outputs).toEqual(["a"]);
    run.child.stdin.write(`${alert("b").slice(9)}\n${alert("c")}\n`);
    // Standard input stays open.
    expect([await run.status, run.outputs]).toEqual([0, ["a", "b"]]);
  });

  it("has the filters, times and --last of a server", async () => {
    const path = fixturePath("alerts.jsonl");
    expect((await printed(path, "--namespace", "shop", "--min-priority", "notice")).rules).toContain(
      rules[0],
    );
    expect((await printed(path, "--not", "--rule", "*")).rules).toEqual([]);
    expect((await printed(path, "--last", "2")).rules).toEqual(rules.slice(-2));
    expect((await printed(path, "-n", "2")).rules).toEqual(rules.slice(0, 2));
    const window = ["--since", "2026-06-02T09:15:31.5Z", "--until", "2026-06-02T09:16:02Z"];
    expect((await printed(path, ...window)).rules).toEqual(rules.slice(2, 5));
  });

  it("takes an alert without a time for one that arrives now", async () => {
    const path = file(alert("a"));
    expect((await printed(path, "--since", "1h")).rules).toEqual(["R"]);
    expect((await printed(path, "--until", "1h")).rules).toEqual([]);
  });

  it.each([
    ["no line end, carriage returns, blank lines", Buffer.from(`\n${alert("a")}\r\n \r\n${alert("b")}`)],
    ["a byte order mark", Buffer.from(`\ufeff${alert("a")}\n${alert("b")}\n`)],
    ["UTF-16, as PowerShell writes it", Buffer.from(`\ufeff${alert("a")}\r\n${alert("b")}\r\n`, "utf16le")],
    ["UTF-16 of the other order", Buffer.from(`\ufeff${alert("a")}\n${alert("b")}\n`, "utf16le").swap16()],
  ])("takes a file with %s", async (_, content) => {
    expect(await printed(file(content))).toEqual({ status: 0, err: "", rules: ["R", "R"] });
  });

  it("takes what it printed itself", async () => {
    const { out } = await ran("get", "--input", fixturePath("alerts.jsonl"), "-o", "json");
    expect((await ran("get", "--input", file(out), "-o", "json")).out).toBe(out);
  });

  it("counts what is not an alert, prints the rest, and fails", async () => {
    const content = [
      "Events detected: 4",
      alert("a"),
      "{}",
      '{"rule":',
      alert("b"),
      "x".repeat(5_000_000),
      alert("c"),
    ];
    const path = file(content.join("\n"));
    expect(await printed(path)).toEqual({
      status: 1,
      rules: ["R", "R", "R"],
      err: `falco-outputs: ${path}: 4 lines are not alerts: line 1: expected Falco's JSON, or text that begins with a time and a priority\n`,
    });
    const one = file(`${alert("a")}\n${"x".repeat(5_000_000)}`);
    expect((await printed(one, "--last", "1")).err).toBe(
      `falco-outputs: ${one}: 1 line is not an alert: line 2: it is longer than 4194304 characters\n`,
    );
  });

  it("holds no more of a long input than a line", async () => {
    // A third of the input.
    const env = { NODE_OPTIONS: "--max-old-space-size=50" };
    const run = new Run(["get", "--input", "-", "--rule", "Last", "-o", "json"], env);
    const megabyte = `${alert("x".repeat(1_000))}\n`.repeat(1_000);
    for (let written = 0; written < 150; written++) {
      if (!run.child.stdin.write(megabyte)) await once(run.child.stdin, "drain");
    }
    run.child.stdin.end(alert("end", { rule: "Last" }));
    expect([await run.status, run.outputs]).toEqual([0, ["end"]]);
  });

  it("says of a file that is not there that it cannot be read", async () => {
    expect(await printed(join(folder, "nothing"))).toEqual({
      status: 1,
      rules: [],
      err: expect.stringMatching(/nothing cannot be read: ENOENT/),
    });
  });

  it.each([
    [["get", "-f"], "--follow"],
    [["sub", "--group", "g", "--acknowledge"], "--group and --acknowledge"],
    [["get", "--shared"], "--shared"],
    [["get", "-a", "/x.sock", "--wait", "--timeout", "1s"], "--address and --wait and --timeout"],
    [["get", "--after", "0"], "--after"],
  ])("asks no server: %j", async (args, flags) => {
    const { status, out, err } = await ran(...args, "--input", fixturePath("alerts.jsonl"));
    expect({ status, out }).toEqual({ status: 2, out: "" });
    expect(err).toBe(`falco-outputs: --input asks no server: leave out ${flags}\n`);
  });

  it.each([
    ["get", 1, /standard input: cut short/],
    ["sub", 0, /^$/],
  ] as const)("ends when it is interrupted (%s)", async (method, status, said) => {
    const run = falcoOutputs(method, "--input", "-", "-o", "json");
    run.child.stdin.write(`${alert("a")}\n`);
    await expect.poll(() => run.outputs).toEqual(["a"]);
    run.child.kill("SIGINT");
    expect(await run.status).toBe(status);
    expect(run.err).toMatch(said);
  });

  it("ends quietly when nobody reads what it prints", async () => {
    const run = falcoOutputs("get", "--input", "-");
    run.child.stdout.destroy();
    run.child.stdin.on("error", () => undefined).end(`${alert("a")}\n`.repeat(10_000));
    expect([await run.status, run.err]).toEqual([0, ""]);
  });
});
