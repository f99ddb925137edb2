import { mkdtempSync, rmSync } from "node:fs";
import { createServer as createHttp2Server } from "node:http2";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer } from "@falco-outputs/server";
import { OldFalco } from "@falco-outputs/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ran } from "../testing/in-process.js";
import { endRuns, falcoOutputs } from "../testing/run.js";

let folder: string;
let address: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cli-"));
  address = join(folder, "falco.sock");
});
afterEach(() => {
  endRuns();
  rmSync(folder, { recursive: true });
});

const start = () => startServer({ listen: [address] });
const alert = (output: string) => ({ rule: "R", priority: "Notice", output }) as const;

describe("--wait", () => {
  it.each([
    ["sub", "-n", "1", "--after", "0"],
    ["get", "--last", "1"],
    ["sub", "-n", "1", "--shared"],
    ["sub", "-n", "1", "--group", "pager", "--after", "0"],
  ])("goes on trying until there is a server (%s %s %s)", async (method, ...args) => {
    const run = falcoOutputs(method!, "-a", address, "--wait", "-o", "json", ...args);
    await expect.poll(() => run.err).toContain("waiting for the server: ");
    await using server = await start();
    await server.publish(alert("a"));
    expect(await run.status).toBe(0);
    // get may have looked before the alert was there.
    if (method === "sub") expect(run.outputs).toEqual(["a"]);
    expect(run.err.trimEnd().split("\n")).toHaveLength(1);
  });

  it("gives up after --timeout, with status 1", async () => {
    const { status, out, err } = await ran("get", "-a", address, "--wait", "--timeout", "600ms");
    expect({ status, out }).toEqual({ status: 1, out: "" });
    expect(err).toContain("no server answered within 600 ms: ");
    expect(err).toContain("there is no such socket");
  });

  it("ends cleanly when it is interrupted", async () => {
    const run = falcoOutputs("sub", "-a", address, "--wait");
    await expect.poll(() => run.err).toContain("waiting for the server: ");
    run.child.kill("SIGINT");
    expect(await run.status).toBe(0);
  });
});

describe("--timeout", () => {
  const expectTimeout = async (...args: string[]) => {
    const { status, out, err } = await ran(...args, "-a", address, "--timeout", "0.3s");
    expect({ status, out }).toEqual({ status: 1, out: "" });
    expect(err).toMatch(/^falco-outputs: version on unix:.*: .*time/);
  };

  it.each(["sub", "get", "version"])("bounds how long a server may be silent (%s)", async (method) => {
    const silent = createServer().listen(address);
    await expectTimeout(method);
    silent.close();
  });

  it.each(["sub", "sub --shared"])("also one that speaks HTTP/2 and does not answer (%s)", async (args) => {
    const silent = createHttp2Server().listen(address);
    // The client cancels it.
    silent.on("stream", (stream) => stream.on("error", () => undefined));
    await expectTimeout(...args.split(" "));
    silent.close();
  });
});

describe("a connection that is lost", () => {
  it.each([[[]], [["--group", "pager"]], [["--shared"]]])("is made again (%j)", async (mode) => {
    const first = await start();
    const run = falcoOutputs(
      "sub",
      "-a",
      address,
      "-o",
      "json",
      "-n",
      mode[0] === "--shared" ? "2" : "3",
      ...mode,
    );
    await first.waitForSubscribers(1);
    await first.publish(alert("a"));
    await expect.poll(() => run.outputs).toEqual(["a"]);
    await first.stop();
    await expect.poll(() => run.err).toContain("falco-outputs: disconnected, trying again: ");
    await using second = await start();
    await second.publish(alert("b"));
    expect(await run.status).toBe(0);
    expect(run.outputs.filter((output) => output.length === 1)).toEqual(["a", "b"]);
    const [, ...lines] = run.err.trimEnd().split("\n");
    const lost = "falco-outputs: lost alerts (restart), how many is not known";
    expect(lines).toEqual(["falco-outputs: resumed", ...(mode[0] === "--shared" ? [] : [lost])]);
  });
});

it("says how many alerts were lost, on stderr, and prints the alert that tells it", async () => {
  await using server = await startServer({ listen: [address], maxAlerts: 2 });
  expect((await ran("get", "-a", address, "--group", "pager")).status).toBe(0);
  for (const output of ["a", "b", "c"]) await server.publish(alert(output));
  const run = falcoOutputs("get", "-a", address, "--group", "pager", "-o", "json");
  expect(await run.status).toBe(0);
  expect(run.err).toBe("falco-outputs: lost 1 alert (overflow)\n");
  expect(run.outputs).toEqual([expect.stringContaining("1 alert was lost"), "b", "c"]);
});

describe("against Falco's own server", () => {
  let falco: OldFalco;
  beforeEach(async () => {
    falco = await OldFalco.start(address);
  });
  afterEach(() => falco.stop());
  const warning = /^falco-outputs: this server is Falco's own, where subscribers share the alerts: .*\n$/;

  it.each([["sub", "-n", "2"], ["get"]])(
    "a look takes from the shared queue, with a warning (%s %s)",
    async (method, ...args) => {
      falco.raise({ output: "a" }, { output: "b" });
      const run = falcoOutputs(method!, "-a", address, "-o", "json", ...args);
      expect(await run.status).toBe(0);
      expect(run.outputs).toEqual(["a", "b"]);
      expect(run.err).toMatch(warning);
    },
  );

  it("filters what it takes itself", async () => {
    falco.raise({ output: "a" }, { output: "b" });
    const { status, out, err } = await ran("get", "-a", address, "--rule", "Other");
    expect({ status, out }).toEqual({ status: 0, out: "" });
    expect(err).toMatch(warning);
    expect(falco.waiting).toBe(0);
  });

  it("filters with patterns and --not, too", async () => {
    falco.raise({ output: "a", rule: "Rule" }, { output: "b", rule: "Role" }, { output: "c", rule: "Other" });
    const { out } = await ran("get", "-a", address, "-o", "json", "--rule", "R*", "--not", "--rule", "*u*");
    expect(JSON.parse(out).output).toBe("b");
  });

  it("--shared asks for just that, without a warning", async () => {
    const run = falcoOutputs("sub", "-a", address, "-o", "json", "--shared", "-n", "2", "--wait");
    await expect.poll(() => falco.calls).toContain("sub");
    falco.raise({ output: "a" });
    await expect.poll(() => run.outputs).toEqual(["a"]);
    falco.raise({ output: "b" });
    expect(await run.status).toBe(0);
    expect(run.err).toBe("");
  });

  it.each([
    ["sub --group pager --acknowledge --after 5", "--group and --acknowledge and --after"],
    ["sub --shared --acknowledge", "--acknowledge"],
    ["get --after 5", "--after"],
    ["sub --last 3", "--last"],
    ["get --group pager", "--group"],
    ["get --follow", "--follow"],
    ["get -f --last 3", "--last and --follow"],
    ["get --since 1h", "--since"],
    ["sub --since 1h", "--since"],
    ["get --until 1h --last 2", "--last and --until"],
  ])("takes no alert away for what it cannot do, and says why: %s", async (args, flags) => {
    falco.raise({ output: "a" });
    const { status, out, err } = await ran(...args.split(" "), "-a", address);
    expect({ status, out }).toEqual({ status: 1, out: "" });
    expect(err).toContain(
      `this server is Falco's own, which has the shared queue only: leave out ${flags}\n`,
    );
    expect(falco.waiting).toBe(1);
    expect(new Set(falco.calls)).toEqual(new Set(["version"]));
  });
});
