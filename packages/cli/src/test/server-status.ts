import { setTimeout as delay } from "node:timers/promises";
import type { GetStatusResponse } from "@falco-outputs/core/contract";
import { Code, FalcoError } from "@falco-outputs/node";
import { askAdmin } from "../connection/ask-admin.js";
import type { ConnectionOptions } from "../connection/connection-options.js";

type Output = GetStatusResponse["outputs"][number];
/** What became of alerts in an output. */
export type OutputCounts = { [Name in "written" | "failed" | "dropped" | "waiting"]: number };

const lookMs = 50;

/** What a server tells its operators; undefined if it does not tell this client. @throws FalcoError */
export async function statusOf(options: ConnectionOptions): Promise<GetStatusResponse | undefined> {
  try {
    return await askAdmin(options, ({ admin, call }) => admin.getStatus({}, call));
  } catch (error) {
    if (error instanceof FalcoError && error.code === Code.PermissionDenied) return undefined;
    throw error;
  }
}

/**
 * What became of the alerts since `before` in the outputs but gRPC's, once none has any in its queue or the signal aborts.
 * @throws FalcoError
 */
export function outputsSince(
  before: GetStatusResponse,
  options: ConnectionOptions,
  signal: AbortSignal,
): Promise<Record<string, OutputCounts>> {
  return askAdmin(options, async ({ admin, call }) => {
    while (true) {
      const status = await admin.getStatus({}, call);
      // What waits there waits for a subscriber.
      const outputs = status.outputs.filter(({ name }) => name !== "grpc");
      if (signal.aborted || outputs.every(({ waiting }) => waiting === 0n)) {
        const counts = outputs.map((output) => {
          const then = before.outputs.find(({ name }) => name === output.name);
          return [output.name, difference(output, then)] as const;
        });
        return Object.fromEntries(counts);
      }
      await delay(lookMs);
    }
  });
}

function difference(now: Output, before: Output | undefined): OutputCounts {
  const since = (name: "written" | "failed" | "dropped") => Number(now[name] - (before?.[name] ?? 0n));
  return {
    written: since("written"),
    failed: since("failed"),
    dropped: since("dropped"),
    waiting: Number(now.waiting),
  };
}
