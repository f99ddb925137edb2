import { type FalcoOutputsServer, startServer } from "@falco-outputs/server";
import { fixtureLines } from "@falco-outputs/testing";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ran } from "../testing/in-process.js";
import { endRuns, falcoOutputs, Run } from "../testing/run.js";

const alerts = fixtureLines("alerts.jsonl");

afterEach(() => {
  endRuns();
  vi.unstubAllEnvs();
});

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
    const { status, out, err } = await ran("get", "-a", server.address);
    expect({ status, err }).toEqual({ status: 0, err: "" });
    const lines = out.trimEnd().split("\n");
    expect(lines).toHaveLength(alerts.length);
    expect(lines[5]).toBe(
      "2026-06-02T09:16:02.000000000Z Notice        Console Login Without MFA: Detected a console login without MFA | requesting user=alice, requesting IP=203.0.113.7, AWS region=eu-central-1",
    );
  });

  it.each([
    "10:20:05.408091526: Warning Sensitive file opened (user=root file=/etc/shadow)",
    "2026-06-02 10:20:05.5: WARNING Sensitive file opened (user=root file=/etc/shadow)",
  ])("print the time and priority of a text alert once: %s", async (text) => {
    await server.publish(text);
    const { out } = await ran("get", "-a", server.address);
    expect(out).toMatch(/^\S+ Warning {7}Sensitive file opened \(user=root file=\/etc\/shadow\)\n$/);
  });

  it("print Falco's own JSON keys plus sequence with -o json", async () => {
    const sequence = await server.publish(alerts[1]!);
    const { out } = await ran("get", "-a", server.address, "-o", "json");
    const { output_fields, ...falcos } = JSON.parse(alerts[1]!);
    expect(JSON.parse(out)).toEqual({
      ...falcos,
      sequence: Number(sequence),
      output_fields: expect.objectContaining({ "user.uid": "4294967295", "proc.aname[4]": "<NA>" }),
    });
  });

  it("end after -n alerts", async () => {
    await publishAll();
    for (const method of ["sub", "get"]) {
      const { status, out } = await ran(method, "-a", server.address, "--after", "0", "-n", "2");
      expect(status).toBe(0);
      expect(out.trimEnd().split("\n")).toHaveLength(2);
    }
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

  it("take the address from FALCO_OUTPUTS_ADDRESS, and name it where it cannot be", async () => {
    await server.publish(alerts[0]!);
    vi.stubEnv("FALCO_OUTPUTS_ADDRESS", server.address);
    const { status, out } = await ran("get");
    expect([status, out.split("\n").length]).toEqual([0, 2]);
    vi.stubEnv("FALCO_OUTPUTS_ADDRESS", "nowhere");
    expect(await ran("get")).toMatchObject({
      status: 2,
      err: expect.stringContaining('falco-outputs: FALCO_OUTPUTS_ADDRESS: "nowhere", expected unix:///path'),
    });
    vi.stubEnv("FALCO_OUTPUTS_ADDRESS", "falco.example:5060");
    expect((await ran("get")).err).toContain("FALCO_OUTPUTS_ADDRESS falco.example:5060 needs --cert");
  });

  it("colour priorities only where colours are wanted", async () => {
    await publishAll();
    const colors = async (args: string[], env: Record<string, string>) => {
      for (const name of ["FORCE_COLOR", "NO_COLOR"]) vi.stubEnv(name, env[name]);
      const { status, out } = await ran("get", "-a", server.address, ...args);
      const lines = out.split("\n").slice(0, -1);
      expect([status, lines.length]).toEqual([0, alerts.length]);
      return lines.filter((line) => line.includes("\u001b[")).length;
    };
    expect(await colors([], {})).toBe(0);
    expect(await colors([], { FORCE_COLOR: "1" })).toBe(alerts.length);
    expect(await colors([], { NO_COLOR: "1", FORCE_COLOR: "1" })).toBe(0);
    expect(await colors(["--color", "always"], { NO_COLOR: "1" })).toBe(alerts.length);
    expect(await colors(["--color", "never"], { FORCE_COLOR: "1" })).toBe(0);
  });

  it("print the time of arrival, told as such, for an alert without a time", async () => {
    await server.publish('{"rule":"R","priority":"Notice","output":"timeless"}');
    const seconds = () => Math.floor(Date.now() / 1_000);
    const before = seconds();
    const { out } = await ran("get", "-a", server.address);
    const [, arrived] = /^arrived:(\S+) +Notice +R: timeless\n$/.exec(out) ?? [];
    const arrivedSeconds = Date.parse(arrived!) / 1_000;
    expect(arrivedSeconds).toBeGreaterThanOrEqual(before);
    expect(arrivedSeconds).toBeLessThanOrEqual(seconds());
    const json = await ran("get", "-a", server.address, "-o", "json");
    expect(JSON.parse(json.out)).not.toHaveProperty("time");
  });

  it.each(["compact", "json"])(
    "let no control character of an alert reach the terminal (%s)",
    async (format) => {
      const evil = "\u001b[2J\u0007\u009b31m\r\n\u007f";
      await server.publish({ rule: evil, priority: "Notice", output: evil, outputFields: { [evil]: evil } });
      const { out } = await ran("get", "-a", server.address, "-o", format);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      expect(out.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
      if (format === "json")
        expect(JSON.parse(out)).toMatchObject({ rule: evil, output_fields: { [evil]: evil } });
    },
  );

  it("tell Falco's version", async () => {
    expect(await ran("version", "-a", server.address)).toEqual({ status: 0, out: "0.44.1\n", err: "" });
    const { out } = await ran("version", "-a", server.address, "-o", "json");
    expect(JSON.parse(out)).toMatchObject({ version: "0.44.1", major: 0, minor: 44, patch: 1 });
  });
});

describe("sub on a terminal", () => {
  it.each([
    [[], "connected; waiting for alerts (--last N shows earlier ones)"],
    [["--last", "1"], "connected; waiting for alerts"],
    [["--group", "pager"], "connected; waiting for alerts"],
  ])("says that it is connected (%j)", async (args, said) => {
    await using server = await startServer();
    await server.publish(alerts[0]!);
    const sub = new Run(["sub", "-a", server.address, ...args], {}, true);
    await expect.poll(() => sub.out).toContain(`falco-outputs: ${said}\r\n`);
  });

  it("says nothing more where nobody looks, and get says nothing", async () => {
    await using server = await startServer();
    const sub = falcoOutputs("sub", "-a", server.address);
    await server.waitForSubscribers(1);
    sub.child.kill("SIGINT");
    expect([await sub.status, sub.err]).toEqual([0, ""]);
    const get = new Run(["get", "-a", server.address], {}, true);
    expect([await get.status, get.out]).toEqual([0, ""]);
  });
});
