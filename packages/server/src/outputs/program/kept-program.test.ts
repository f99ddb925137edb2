import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createClient } from "@falco-outputs/core";
import { expect, it } from "vitest";
import { pidsIn } from "../testing/pids-in.js";
import { countsOf, folder, numbersInFile, publishNumbered, serve, upTo } from "../testing/serve.js";

const json = { json: true };
const keepAlive = true;

/** Whether a process is there; one that has ended and was not waited for (a zombie) is. */
function isThere(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}

it("writes every alert to one process, one line each", async () => {
  const path = folder();
  const [lines, pids] = [join(path, "lines"), join(path, "pids")];
  const program = `echo $$ >> ${pids}; exec cat >> ${lines}`;
  const { server, logged } = await serve({ program: { program, keepAlive }, format: json });
  await publishNumbered(server, 2000, "x".repeat(200));
  await countsOf(server, "program", { written: 2000 });
  await server.stop();
  expect(numbersInFile(lines)).toEqual(upTo(2000));
  expect(pidsIn(pids)).toHaveLength(1);
  expect(isThere(pidsIn(pids)[0]!)).toBe(false);
  expect(logged).toEqual([]);
});

it("restarts one that was killed under load, and continues with whole lines, each at most once", async () => {
  const path = folder();
  const [lines, pids] = [join(path, "lines"), join(path, "pids")];
  // Each process has a file of its own: the last line of one that is killed may be cut by its own writing.
  const program = `echo $$ >> ${pids}; exec cat >> ${lines}.$$`;
  const { server, logged } = await serve({ program: { program, keepAlive }, format: json });
  const count = 3000;
  for (let first = 0; first < count; first += 100) {
    await publishNumbered(server, 100, "x".repeat(1000), first);
    if (first === 1000 || first === 2000) {
      const before = pidsIn(pids).length;
      await expect.poll(() => pidsIn(pids).length, { timeout: 20_000 }).toBeGreaterThan(0);
      process.kill(pidsIn(pids).at(-1)!, "SIGKILL");
      // The next process starts when there is something to write.
      await expect
        .poll(
          async () => {
            await publishNumbered(server, 1, "", count);
            return pidsIn(pids).length;
          },
          { timeout: 20_000 },
        )
        .toBeGreaterThan(before);
    }
  }
  await countsOf(server, "program", { waiting: 0, failed: 0, dropped: 0 });
  await server.stop();
  const read = pidsIn(pids).map((pid) => readFileSync(`${lines}.${pid}`, "utf8").split("\n"));
  // What a killed cat wrote last may be half a line; behind a start, and at the end, there is none.
  const numbers = read
    .flatMap((each) => each.slice(0, -1))
    .map((line) => Number(JSON.parse(line).rule))
    .filter((number) => number < count);
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  expect(numbers.slice(-100)).toEqual(upTo(100, count - 100));
  expect(read.at(-1)!.at(-1)).toBe("");
  expect(logged.join()).toContain("ended by SIGKILL");
});

it("holds up nobody when a program never reads, counts what it drops, and kills it", async () => {
  const pids = join(folder(), "pids");
  const { server, logged } = await serve({
    program: { program: `echo $$ >> ${pids}; exec sleep 1000`, keepAlive },
    format: json,
    queue: { timeoutMs: 50, retryMs: 100, maxAlerts: 100 },
  });
  const count = 1000;
  for (let round = 0; round < 10; round++) {
    await publishNumbered(server, count / 10, "x".repeat(10_000), (round * count) / 10);
    await new Promise(setImmediate);
  }
  let received = 0;
  for await (const _ of createClient({ transport: server.transport() }).get()) received++;
  expect(received).toBe(count);
  await expect.poll(() => server.stats().outputs.program!.failed, { timeout: 20_000 }).toBeGreaterThan(0);
  await countsOf(server, "program", { waiting: 0 });
  const { written, failed, dropped } = server.stats().outputs.program!;
  expect(written + failed + dropped).toBe(count);
  expect(dropped).toBeGreaterThan(0);
  expect(logged.join()).toContain("not written within 50 ms");
  // The next alert is for another process, since this one has half a line.
  await publishNumbered(server, 1);
  await expect.poll(() => pidsIn(pids).length, { timeout: 20_000 }).toBeGreaterThan(1);
  await server.stop();
  for (const pid of pidsIn(pids)) expect(isThere(pid)).toBe(false);
});

it("continues in the middle of a line with a program that reads late, each line once", async () => {
  const path = folder();
  const [lines, gate] = [join(path, "lines"), join(path, "gate")];
  const { server, logged } = await serve({
    program: { program: `while [ ! -e ${gate} ]; do sleep 0.01; done; exec cat >> ${lines}`, keepAlive },
    format: json,
    queue: { timeoutMs: 50 },
  });
  await publishNumbered(server, 100, "x".repeat(10_000));
  await expect.poll(() => logged.join()).toContain("not written within 50 ms");
  writeFileSync(gate, "");
  await countsOf(server, "program", { written: 100, failed: 0 });
  await server.stop();
  expect(numbersInFile(lines)).toEqual(upTo(100));
});

it("fails alerts when there is no such program, and writes them once there is", async () => {
  const path = folder();
  const [lines, script] = [join(path, "lines"), join(path, "script")];
  const { server, logged } = await serve({ program: { program: `exec ${script}`, keepAlive }, format: json });
  await publishNumbered(server, 5);
  await expect.poll(() => logged.join(), { timeout: 20_000 }).toContain("no such program (exit status 127)");
  expect(server.stats().outputs.program).toEqual({ written: 0, failed: 0, dropped: 0, waiting: 5 });
  writeFileSync(script, `#!/bin/sh\nexec cat >> ${lines}\n`, { mode: 0o755 });
  await countsOf(server, "program", { written: 5, failed: 0 });
  await server.stop();
  expect(numbersInFile(lines)).toEqual(upTo(5));
});

it("counts alerts as failed when their time is over and there is still no such program", async () => {
  const program = "/nowhere/program";
  const { server, logged } = await serve({ program: { program, keepAlive }, queue: { retryMs: 1e-9 } });
  await publishNumbered(server, 5);
  await countsOf(server, "program", { written: 0, failed: 5 });
  expect(logged.join()).toContain("no such program");
  // What the shell has to say about it.
  await expect.poll(() => logged.join()).toContain("not found");
});

it("ends the process when the outputs are reopened, with all that it started, and starts it again", async () => {
  const path = folder();
  const [lines, pids] = [join(path, "lines"), join(path, "pids")];
  // It does not end with its input, nor when it is asked to.
  const program = `trap "" TERM; echo $$ >> ${pids}; sleep 1000 & echo $! >> ${pids}; cat >> ${lines}; while :; do sleep 1; done`;
  const { server } = await serve({
    program: { program, keepAlive },
    format: json,
    queue: { timeoutMs: 1000 },
  });
  await publishNumbered(server, 10);
  await countsOf(server, "program", { written: 10 });
  server.reopenOutputs();
  await publishNumbered(server, 10, "", 10);
  await countsOf(server, "program", { written: 20 });
  expect(pidsIn(pids)).toHaveLength(4);
  await server.stop();
  expect(numbersInFile(lines)).toEqual(upTo(20));
  // The shell's children are waited for by the process that adopts them.
  for (const pid of pidsIn(pids)) {
    await expect
      .poll(() => isThere(pid) && !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z "))
      .toBe(false);
  }
});

it("tells what the program writes to its standard error, as far as 1 KiB a line", async () => {
  const program = "cat >/dev/null; printf 'one\\n' >&2; head -c 5000 /dev/zero | tr '\\0' e >&2";
  const { server, logged } = await serve({ program: { program, keepAlive } });
  await publishNumbered(server, 1);
  await countsOf(server, "program", { written: 1 });
  await server.stop();
  expect(logged[0]).toContain('"line":"one"');
  for (const entry of logged) expect(entry.length).toBeLessThan(1300);
});

it("ends with the process that started it, even if that is killed", async () => {
  const pids = join(folder(), "pids");
  const script = `
    import { startServer } from ${JSON.stringify(new URL("../../../dist/index.js", import.meta.url).href)};
    const program = { program: ${JSON.stringify(`echo $$ >> ${pids}; exec cat >/dev/null`)}, keepAlive: true };
    const server = await startServer({ listen: [], outputs: { program } });
    await server.publish({ rule: "r", priority: "Notice" });
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "inherit" });
  await expect.poll(() => pidsIn(pids), { timeout: 20_000 }).toHaveLength(1);
  child.kill("SIGKILL");
  await once(child, "exit");
  const [pid] = pidsIn(pids);
  const stat = `/proc/${pid}/stat`;
  await expect.poll(() => existsSync(stat) && !readFileSync(stat, "utf8").includes(") Z ")).toBe(false);
});
