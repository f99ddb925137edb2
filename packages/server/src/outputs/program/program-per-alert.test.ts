import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { startServer } from "../../index.js";
import { pidsIn } from "../testing/pids-in.js";
import { countsOf, folder, numbersInFile, publishNumbered, serve, upTo } from "../testing/serve.js";

const json = { json: true };

it("starts a process for each alert, one after the other, whose input ends after it", async () => {
  const path = folder();
  const [lines, most] = [join(path, "lines"), join(path, "most")];
  // Each counts who runs, among them itself. The first ones take longest.
  const counting = `touch ${path}/runs.$$; ls ${path} | grep -c runs >> ${most}; rm ${path}/runs.$$`;
  const program = `line=$(cat); case "$line" in *'"rule":"'[0-3]'"'*) sleep 0.1;; esac; ${counting}; echo "$line" >> ${lines}`;
  const { server } = await serve({ program: { program }, format: json });
  await publishNumbered(server, 30);
  await countsOf(server, "program", { written: 30, failed: 0 });
  expect(numbersInFile(lines)).toEqual(upTo(30));
  expect(new Set(readFileSync(most, "utf8").trim().split("\n"))).toEqual(new Set(["1"]));
});

it("takes an alert that the program did not read, or made it end badly, as written, and logs it", async () => {
  for (const [program, told] of [
    ["true", undefined],
    ["exit 3", "exit status 3"],
    ["kill -KILL $$", "ended by SIGKILL"],
  ] as const) {
    const { server, logged } = await serve({ program: { program } });
    await publishNumbered(server, 3, "x".repeat(500_000));
    await countsOf(server, "program", { written: 3, failed: 0 });
    if (told === undefined) expect(logged).toEqual([]);
    else expect(logged.join()).toContain(told);
  }
});

it("lets go of what a program leaves in the background", async () => {
  const descriptors = () => readdirSync("/proc/self/fd").length;
  const pids = join(folder(), "pids");
  onTestFinished(() => {
    for (const pid of pidsIn(pids)) process.kill(pid);
  });
  // Its standard output is ours, which the test's runner waits for.
  const program = `cat > /dev/null; sleep 60 > /dev/null & echo $! | tee -a ${pids} >&2`;
  const { server } = await serve({ program: { program } });
  const before = descriptors();
  await publishNumbered(server, 8);
  await countsOf(server, "program", { written: 8, failed: 0 });
  await expect.poll(descriptors, { timeout: 20_000 }).toBeLessThanOrEqual(before);
});

it("fails at once when there is no such program, and continues", async () => {
  const { server, logged } = await serve({ program: { program: "/nowhere/program" } });
  await publishNumbered(server, 5);
  await countsOf(server, "program", { written: 0, failed: 5 });
  expect(logged.join()).toContain("no such program (exit status 127)");
  expect(server.stats().appended).toBe(5);
});

it("kills one that does not end in time, with all that it started, and counts its alert as failed", async () => {
  const path = folder();
  const pids = join(path, "pids");
  // One of five hangs, and does not listen.
  const program = `read line; case "$line" in *'"rule":"1"'*) trap "" TERM; sleep 1000 & echo $$ $! > ${pids}; while :; do sleep 1; done;; esac; echo "$line" >> ${path}/lines.$$`;
  const { server, logged } = await serve({ program: { program }, format: json, queue: { timeoutMs: 2000 } });
  await publishNumbered(server, 5);
  await countsOf(server, "program", { written: 4, failed: 1 });
  expect(logged.join()).toContain("not written within 2000 ms");
  for (const pid of readFileSync(pids, "utf8").trim().split(" ")) {
    const stat = `/proc/${pid}/stat`;
    await expect.poll(() => existsSync(stat) && !readFileSync(stat, "utf8").includes(") Z ")).toBe(false);
  }
});

it("lets those that run end when the server stops", async () => {
  const path = folder();
  const program = `sleep 0.1; cat > ${path}/alert.$$`;
  const { server } = await serve({ program: { program }, format: json });
  await publishNumbered(server, 6);
  await server.stop();
  expect(readdirSync(path)).toHaveLength(6);
  expect(server.stats().outputs.program).toEqual({ written: 6, failed: 0, dropped: 0, waiting: 0 });
});

it("refuses an invalid program", async () => {
  const outputs = { program: { program: " " } };
  await expect(startServer({ listen: [], outputs })).rejects.toThrow(
    'outputs.program.program: " ", expected a shell command',
  );
});
