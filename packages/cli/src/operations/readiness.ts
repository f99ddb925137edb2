import type { FalcoLiveness, ListenerState, ServerStats } from "@falco-outputs/server";

/** Where a server is in its life. */
export type Phase = "starting" | "running" | "stopping";

export interface Readiness {
  readonly ready: boolean;
  /** What is not ready, and why. */
  readonly problems: readonly string[];
  /** Undefined if Falco is not watched. */
  readonly falco?: FalcoLiveness;
}

/** Whether a server takes alerts and serves them. @param needsFalco Whether it is not ready while Falco is silent. */
export function readiness(
  phase: Phase,
  stats: Pick<ServerStats, "listeners" | "disk"> | undefined,
  falco: FalcoLiveness | undefined,
  needsFalco: boolean,
): Readiness {
  const problems = phase === "running" ? (stats?.listeners ?? []).flatMap(problemOf) : [phase];
  const outage = stats?.disk?.outage;
  if (outage !== undefined) problems.push(`log: alerts are in memory only: ${outage}`);
  if (needsFalco && falco?.state === "silent") problems.push(`falco: ${falco.reason}`);
  return { ready: problems.length === 0, problems, ...(falco && { falco }) };
}

function problemOf({ kind, address, isListening }: ListenerState): string[] {
  return isListening ? [] : [`${kind} ${address}: does not listen`];
}
