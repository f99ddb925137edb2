import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { ownPids } from "../process/processes.js";

/** What `/proc` counts in, on every Linux that Node runs on. */
const tickMs = 10;

interface Reading {
  readonly atNs: bigint;
  readonly busyMs: number;
  readonly ownMs: number;
}

/**
 * Starts to watch what else the machine does; the function that it returns tells which share of all cores that took,
 * from 0 to 1 (undefined where there is no `/proc`).
 */
export function watchForeignCpu(): () => number | undefined {
  const before = read();
  return () => {
    const after = read();
    if (before === undefined || after === undefined) return undefined;
    const wallMs = Number(after.atNs - before.atNs) / 1e6;
    const foreignMs = after.busyMs - before.busyMs - (after.ownMs - before.ownMs);
    // Ticks are coarse: a few of them say nothing.
    return foreignMs < 4 * tickMs ? 0 : foreignMs / (wallMs * availableParallelism());
  };
}

function read(): Reading | undefined {
  let stat: string;
  try {
    stat = readFileSync("/proc/stat", "utf8");
  } catch {
    return undefined;
  }
  // user nice system idle iowait irq softirq steal; what a hypervisor steals is lost to us as well.
  const [user, nice, system, , , irq, softirq, steal] = stat
    .split("\n", 1)[0]!
    .split(/\s+/)
    .slice(1)
    .map(Number);
  const busy = user! + nice! + system! + irq! + softirq! + steal!;
  return {
    atNs: process.hrtime.bigint(),
    busyMs: busy * tickMs,
    ownMs: [process.pid, ...ownPids()].reduce((sum, pid) => sum + cpuMs(pid), 0),
  };
}

/** What a process has used, and what those of its children had used that have ended. */
function cpuMs(pid: number): number {
  // The name, in parentheses, may hold spaces; user and system time, both of either, are the 12th field after it and
  // those that follow.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * tickMs;
}
