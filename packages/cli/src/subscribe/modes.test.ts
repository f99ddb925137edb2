import { type FalcoOutputsServer, startServer } from "@falco-outputs/server";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ran } from "../testing/in-process.js";
import { endRuns, falcoOutputs, Run } from "../testing/run.js";

let server: FalcoOutputsServer;
beforeEach(async () => {
  server = await startServer();
});
afterEach(async () => {
  endRuns();
  await server.stop();
});

/** Starts the command against the server. */
const run = (method: string, ...args: string[]) =>
  falcoOutputs(method, "-a", server.address, "-o", "json", ...args);
/** Runs it to its end, in this process; returns what it printed, by its output. */
async function printed(method: string, ...args: string[]): Promise<string[]> {
  const { status, err, outputs } = await look(method, ...args);
  expect({ status, err }).toEqual({ status: 0, err: "" });
  return outputs;
}
async function look(method: string, ...args: string[]) {
  const { status, out, err } = await ran(method, "-a", server.address, "-o", "json", ...args);
  const outputs = out.split("\n").slice(0, -1);
  return { status, err, outputs: outputs.map((line): string => JSON.parse(line).output) };
}
async function ended(run: Run) {
  return { status: await run.status, err: run.err, outputs: run.outputs };
}
const publish = (output: string) => server.publish({ rule: "R", priority: "Notice", output });
async function publishAll(...outputs: string[]): Promise<void> {
  for (const output of outputs) await publish(output);
}

describe("a look", () => {
  it("takes nothing away: get shows what is retained, each time", async () => {
    await publishAll("a", "b");
    for (let look = 0; look < 2; look++) expect(await printed("get")).toEqual(["a", "b"]);
    expect(await printed("get", "--shared")).toEqual(["a", "b"]);
    expect(await printed("get", "--shared")).toEqual([]);
    expect(await printed("get")).toEqual(["a", "b"]);
  });

  it("shows with sub what comes, to each", async () => {
    await publish("before");
    const looks = [run("sub", "-n", "2"), run("sub", "-n", "2")];
    await server.waitForSubscribers(2);
    await publishAll("a", "b");
    for (const look of looks) expect((await ended(look)).outputs).toEqual(["a", "b"]);
    expect(server.stats().groups[""]).toMatchObject({ delivered: 0, waiting: 3 });
  });

  it("goes on with get -f", async () => {
    await publish("a");
    const look = run("get", "--follow", "-n", "2");
    await expect.poll(() => look.outputs).toEqual(["a"]);
    await publish("b");
    expect((await ended(look)).outputs).toEqual(["a", "b"]);
  });

  it("starts after --after", async () => {
    const first = await publish("a");
    await publishAll("b", "c");
    expect(await printed("get", "--after", `${first}`)).toEqual(["b", "c"]);
    expect(await printed("get", "--after", "0")).toEqual(["a", "b", "c"]);
    expect(await printed("sub", "--after", `${first}`, "-n", "2")).toEqual(["b", "c"]);
  });

  it("says on stderr that --after is another log's, and tells it as an alert", async () => {
    await publish("a");
    const { status, err, outputs } = await look("get", "--after", "7");
    expect({ status, err }).toEqual({
      status: 0,
      err: "falco-outputs: lost alerts (restart), how many is not known\n",
    });
    expect(outputs).toEqual([expect.stringContaining("another log than before"), "a"]);
  });
});

describe("--last", () => {
  it("shows the last that are retained", async () => {
    await publishAll("a", "b", "c", "d", "e");
    expect(await printed("get", "--last", "2")).toEqual(["d", "e"]);
    expect(await printed("get", "--last", "5")).toEqual(["a", "b", "c", "d", "e"]);
    expect(await printed("get", "--last", "9")).toEqual(["a", "b", "c", "d", "e"]);
    expect(await printed("get", "--last", "2", "-n", "1")).toEqual(["d"]);
    expect(await printed("get", "--last", "2", "--rule", "none")).toEqual([]);
  });

  it.each([
    ["sub", "--last", "2"],
    ["get", "--last", "2", "--follow"],
  ])("goes on behind them (%s %s %s %s)", async (method, ...args) => {
    await publishAll("a", "b", "c");
    const look = run(method!, ...args.filter((arg) => arg !== undefined), "-n", "4");
    await expect.poll(() => look.outputs).toEqual(["b", "c"]);
    await publishAll("d", "e");
    expect((await ended(look)).outputs).toEqual(["b", "c", "d", "e"]);
  });

  it("neither misses nor doubles what arrives meanwhile", async () => {
    await publishAll("0", "1", "2");
    const look = run("sub", "--last", "1", "-n", "400");
    let next = 3;
    const publishing = setInterval(() => publish(`${next++}`), 1);
    const { outputs } = await ended(look);
    clearInterval(publishing);
    const first = Number(outputs[0]);
    expect(outputs).toEqual(Array.from({ length: 400 }, (_, index) => `${first + index}`));
  });

  it("goes on also where nothing that is retained matched", async () => {
    const look = run("sub", "--last", "3", "--rule", "Wanted", "-n", "1");
    await publish("other");
    await server.waitForSubscribers(1);
    await server.publish({ rule: "Wanted", priority: "Notice", output: "yes" });
    expect((await ended(look)).outputs).toEqual(["yes"]);
  });
});

describe("--since and --until", () => {
  const at = (second: number) => `2026-06-02T09:00:0${second}Z`;
  beforeEach(async () => {
    for (const [index, output] of ["a", "b", "c", "d"].entries()) {
      await server.publish({ rule: "R", priority: "Notice", output, time: at(index) });
    }
  });

  it("show what happened in between, by the alerts' own times", async () => {
    expect(await printed("get", "--since", at(1))).toEqual(["b", "c", "d"]);
    expect(await printed("get", "--until", at(2))).toEqual(["a", "b"]);
    expect(await printed("get", "--since", at(1), "--until", at(3))).toEqual(["b", "c"]);
    expect(await printed("get", "--since", at(1), "--until", at(3), "--last", "1")).toEqual(["c"]);
    expect(await printed("get", "--since", "1h", "--last", "1")).toEqual([]);
  });

  it.each([
    ["sub", "--since", at(2)],
    ["get", "--follow", "--since", at(2)],
    ["sub", "--last", "2", "--since", at(1)],
  ])("go on with what comes (%s %s %s)", async (method, ...args) => {
    const look = run(method!, ...args, "-n", "3");
    await expect.poll(() => look.outputs).toEqual(["c", "d"]);
    // An alert that is too old does not pass, also if it comes now.
    await server.publish({ rule: "R", priority: "Notice", output: "old", time: at(0) });
    await publish("e");
    expect((await ended(look)).outputs).toEqual(["c", "d", "e"]);
  });
});

describe("filters", () => {
  beforeEach(async () => {
    const alert = { priority: "Notice", rule: "R", source: "syscall", hostname: "one" } as const;
    await server.publish({ ...alert, output: "plain" });
    await server.publish({ ...alert, output: "warning", priority: "Warning" });
    await server.publish({ ...alert, output: "tagged", tags: ["x", "network"] });
    await server.publish({ ...alert, output: "rule", rule: "S" });
    await server.publish({ ...alert, output: "source", source: "k8s_audit" });
    await server.publish({ ...alert, output: "host", hostname: "two" });
  });
  const cases: [string[], string[]][] = [
    [["--min-priority", "WARNING"], ["warning"]],
    [["--tag", "network"], ["tagged"]],
    [["--tag", "none", "--tag", "x"], ["tagged"]],
    [["--rule", "S", "--rule", "T"], ["rule"]],
    [["--source", "k8s_audit", "--source", "syscall", "--host", "two"], ["host"]],
    [["--source", "k8s_audit"], ["source"]],
    [["--host", "two", "--rule", "S"], []],
  ];

  it.each(cases)("of a look: %j", async (args, outputs) => {
    expect(await printed("get", ...args)).toEqual(outputs);
  });

  it("of a group are the server's, of the shared queue this side's, which takes all", async () => {
    expect(await printed("get", "--group", "g", "--after", "0", "--tag", "x")).toEqual(["tagged"]);
    expect(server.stats().groups.g).toMatchObject({ filtered: 5, waiting: 0 });
    expect(await printed("get", "--shared", "--tag", "x")).toEqual(["tagged"]);
    expect(server.stats().groups[""]).toMatchObject({ delivered: 6, filtered: 0, waiting: 0 });
  });

  it("of members of a group have to be the same", async () => {
    const member = run("sub", "--group", "g", "--tag", "x");
    await server.waitForSubscribers(1);
    const { status, err } = await look("sub", "--group", "g");
    expect({ status, err }).toEqual({
      status: 1,
      err: expect.stringContaining("the group's members have another filter"),
    });
    member.child.kill("SIGINT");
    expect(await member.status).toBe(0);
  });
});

describe("a group", () => {
  it("keeps its place, and shares its alerts", async () => {
    expect(await printed("get", "--group", "pager")).toEqual([]);
    await publishAll("a", "b");
    expect(await printed("sub", "--group", "audit", "--after", "0", "-n", "2")).toEqual(["a", "b"]);
    expect(await printed("get", "--group", "pager")).toEqual(["a", "b"]);
    expect(await printed("get", "--group", "pager")).toEqual([]);
    const follow = run("get", "--group", "pager", "-f", "-n", "1");
    await server.waitForSubscribers(1);
    await publish("c");
    expect((await ended(follow)).outputs).toEqual(["c"]);
  });
});

describe("--acknowledge", () => {
  it.each([["--shared"], ["--group", "pager", "--after", "0"]])(
    "acknowledges what was printed, and that only (%s)",
    async (...mode) => {
      const name = mode[1] ?? "";
      await publishAll("a", "b", "c");
      expect(await printed("sub", ...mode, "--acknowledge", "-n", "2")).toEqual(["a", "b"]);
      expect(server.stats().groups[name]).toMatchObject({ delivered: 2, waiting: 1 });
      expect(await printed("sub", ...mode, "--acknowledge", "-n", "1")).toEqual(["c"]);
      expect(server.stats().groups[name]).toMatchObject({ delivered: 3, waiting: 0 });
    },
  );

  it("leaves an alert to others that could not be written", async () => {
    await publishAll("a", "b");
    const full = new Run(`sub -a ${server.address} --shared --acknowledge >/dev/full`);
    expect([await full.status, full.err]).toEqual([1, expect.stringMatching(/^falco-outputs: .*ENOSPC/)]);
    const unread = run("sub", "--shared", "--acknowledge");
    unread.child.stdout.destroy();
    expect(await unread.status).toBe(0);
    expect(server.stats().groups[""]).toMatchObject({ delivered: 0, waiting: 2 });
    expect(await printed("sub", "--shared", "--acknowledge", "-n", "2")).toEqual(["a", "b"]);
  });

  it("prints every alert at least once, however often the process is killed", async () => {
    const total = 3_000;
    const member = () => run("sub", "--group", "pager", "--after", "0", "--acknowledge");
    const runs: Run[] = [];
    let published = 0;
    const publishSome = async () => {
      for (let end = published + total / 3; published < end; ) await publish(`${published++}`);
    };
    const isDone = () => server.stats().groups.pager?.waiting === 0;
    for (let kill = 0; kill < 2; kill++) {
      const victim = member();
      runs.push(victim);
      await publishSome();
      await expect.poll(() => victim.lines.length).toBeGreaterThan(0);
      victim.child.kill("SIGKILL");
      expect(await victim.status).toBe("SIGKILL");
    }
    const last = member();
    runs.push(last);
    await publishSome();
    await expect.poll(isDone).toBe(true);
    last.child.kill("SIGTERM");
    expect(await last.status).toBe(0);
    // The last line of a process that was killed may be half a line: it is no line, and was not acknowledged.
    const all = new Set(runs.flatMap((run) => run.outputs));
    expect(all.size).toBe(total);
    expect(server.stats().groups.pager).toMatchObject({ delivered: total, lost: 0 });
  });
});
