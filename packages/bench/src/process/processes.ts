import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const running = new Set<ChildProcess>();
let folder: string | undefined;

/** Remembers a process that this one started, so that it does not outlive it. */
export function own(child: ChildProcess): void {
  running.add(child);
  child.once("exit", () => running.delete(child));
}

export function ownPids(): number[] {
  return [...running].flatMap(({ pid }) => pid ?? []);
}

/** A folder for sockets and certificates, gone when this process ends. */
export function temporaryFolder(): string {
  folder ??= mkdtempSync(join(tmpdir(), "falco-outputs-bench-"));
  return folder;
}

/** Ends a process with SIGKILL; resolves when it is gone. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

/** From now on, the processes that this one started end when it ends, for whatever reason. */
export function endAllWithThisProcess(): void {
  process.once("exit", () => {
    for (const child of running) child.kill("SIGKILL");
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });
  for (const [signal, status] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }))
    process.once(signal, () => process.exit(status));
}
