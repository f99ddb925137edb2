import { setTimeout as delay } from "node:timers/promises";
import type { FalcoOutputsServer, ServerStats } from "@falco-outputs/server";

/** How long subscribers may take to fetch what is queued, in milliseconds: Falco waits for its program to end. */
const drainMs = 5_000;
const lookMs = 20;

/** Waits briefly until nothing is left that a subscriber would take. */
export async function drain(server: FalcoOutputsServer, stopped: AbortSignal): Promise<void> {
  const until = Date.now() + drainMs;
  while (isAwaited(server.stats()) && !stopped.aborted && Date.now() < until) await delay(lookMs);
}

/** Whether alerts wait for a subscriber, or for one that may come back. */
export function isAwaited({ groups, broadcast }: Pick<ServerStats, "groups" | "broadcast">): boolean {
  const { "": shared, ...named } = groups;
  if (broadcast.waiting > 0 || Object.values(named).some(({ waiting }) => waiting > 0)) return true;
  // Where all subscribe to groups or broadcasts, nobody takes anything from the shared queue.
  const isUsed = shared!.joined > 0 || (broadcast.members === 0 && Object.keys(named).length === 0);
  return isUsed && shared!.waiting > 0;
}
