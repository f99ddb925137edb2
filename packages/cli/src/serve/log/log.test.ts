import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { UnreadPipe } from "../../testing/unread-pipe.js";

const count = 20_000;
/** Logs much more than a pipe holds, says so on stdout, and ends with its standard input. */
const script = `
import { openLog } from ${JSON.stringify(new URL("../../../dist/serve/log/log.js", import.meta.url).href)};
const log = openLog();
for (let number = 0; number < ${count}; number++) log.logger.info({ number, filler: "x".repeat(80) }, "line");
console.log("logged");
for await (const _ of process.stdin);
log.logger.info({}, "last");
await log[Symbol.asyncDispose]();
process.exitCode = 3;
`;

let folder: string;
let child: ChildProcess | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "log-"));
});
afterEach(() => {
  child?.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

/** Starts the script; returns its standard error, which is not read before that is asked for. */
async function start(kind: string): Promise<() => Readable> {
  const pipe = kind === "named pipe" ? new UnreadPipe(join(folder, "pipe")) : undefined;
  // Node's own "pipe" is a socket.
  child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["pipe", "pipe", pipe?.writer ?? "pipe"],
  });
  const { stderr } = child;
  const [said] = await once(child.stdout!, "data");
  expect(String(said)).toBe("logged\n");
  return () => pipe?.read() ?? stderr!;
}

interface Line {
  msg: string;
  number?: number;
  dropped?: number;
}

describe.each(["named pipe", "socket"])("a %s that nobody reads", (kind) => {
  it("is not waited for, and told how much was dropped once somebody does", async () => {
    const stderr = await start(kind);
    const read = text(stderr());
    child!.stdin!.end();
    const said = await read;
    const lines: Line[] = said
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ msg }) => msg).slice(-2)).toEqual(["line", "last"]);
    const numbers = lines.flatMap(({ number }) => number ?? []);
    expect(numbers.at(-1)).toBe(count - 1);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    const dropped = lines.flatMap(({ dropped }) => dropped ?? []);
    expect(dropped).toHaveLength(1);
    expect(numbers.length + dropped[0]!).toBe(count);
    // What was kept for the reader, besides what the pipe held.
    expect(said.length).toBeLessThan(1024 * 1024);
  });

  it("does not keep the process from ending, nor change its exit status", async () => {
    const stderr = await start(kind);
    child!.stdin!.end();
    const [status] = await once(child!, "exit");
    expect(status).toBe(3);
    stderr().destroy();
  });
});
