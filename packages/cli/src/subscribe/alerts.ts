import { type Alert, type Client, Code, FalcoError } from "@falco-outputs/node";
import { tell } from "../print/tell.js";
import type { Filters } from "./filters-of.js";
import { lastOf } from "./last.js";
import type { StatusLines } from "./status-lines.js";

/** Which alerts are wanted, and from where. */
export interface Wanted {
  readonly method: "sub" | "get";
  /** Whether to go on with what comes. */
  readonly follows: boolean;
  readonly filters: Filters;
  readonly group: string | undefined;
  readonly shared: boolean;
  readonly acknowledge: boolean;
  readonly after: bigint | undefined;
  readonly last: number | undefined;
  /** In nanoseconds since 1970, as `until`. */
  readonly since: bigint | undefined;
  readonly until: bigint | undefined;
  readonly signal: AbortSignal;
  readonly waits: boolean;
  readonly status: StatusLines;
}

export interface Alerts extends AsyncIterable<Alert> {
  /** Absent where nothing is acknowledged. */
  acknowledge?(alert: Alert): void;
}

/** Opens what is wanted, once it is iterated. */
export function alertsOf(falco: Client, wanted: Wanted): Alerts {
  if (wanted.group !== undefined) return ofGroup(falco, wanted, wanted.group);
  return wanted.shared ? ofSharedQueue(falco, wanted) : observed(falco, wanted);
}

/** What every call takes. */
function common({ signal, status, waits }: Wanted) {
  return { signal, onStatus: status.onStatus, reconnect: { waitOnFirstConnect: waits } };
}

function ofGroup(falco: Client, wanted: Wanted, group: string): Alerts {
  const { method, follows, filters, after, acknowledge } = wanted;
  const options = { ...common(wanted), ...filters, group, ...(after !== undefined && { after }) };
  if (method === "get") return falco.get({ ...options, follow: follows });
  return acknowledge ? falco.sub({ ...options, acknowledge: "manual" }) : falco.sub(options);
}

/** Falco's shared queue has no filter: here, what does not match is taken and passed over. */
function ofSharedQueue(falco: Client, wanted: Wanted): Alerts {
  const { follows, filters, acknowledge } = wanted;
  const options = { ...common(wanted), ...filters, filterLocally: true as const };
  // With what is queued and what comes, sub is get that follows, also on Falco's own server.
  if (!follows) return falco.get(options);
  return acknowledge ? falco.sub({ ...options, acknowledge: "manual" }) : falco.sub(options);
}

/** Every alert, taken from nobody; where the server cannot do that, from the shared queue. */
async function* observed(falco: Client, wanted: Wanted): AsyncGenerator<Alert> {
  const goesOn = wanted.method === "get" && wanted.follows;
  const { after, last, since, until } = wanted;
  const canShare = [after, last, since, until].every((part) => part === undefined) && !goesOn;
  try {
    yield* broadcast(falco, wanted);
    return;
  } catch (error) {
    if (!canShare || wanted.status.wasConnected || !isFalcosOwn(error)) throw error;
  }
  tell(
    "this server is Falco's own, where subscribers share the alerts: what is printed here is taken from the others (--shared says so without this warning)",
  );
  yield* ofSharedQueue(falco, wanted);
}

async function* broadcast(falco: Client, wanted: Wanted): AsyncGenerator<Alert> {
  const { method, follows, filters, after, last, since, until, signal } = wanted;
  const options = {
    ...common(wanted),
    ...filters,
    broadcast: true as const,
    ...(since !== undefined && { since }),
  };
  const window = { ...options, ...(until !== undefined && { until }) };
  if (last === undefined) {
    const from = after !== undefined && { after };
    if (method === "sub") yield* falco.sub({ ...options, ...from });
    // Command line and environment were checked: with --until, nothing follows.
    else if (follows) yield* falco.get({ ...options, ...from, follow: true });
    else yield* falco.get({ ...window, ...from });
    return;
  }
  const { alerts, position } = await lastOf(falco.get(window), last);
  if (signal.aborted) return;
  yield* alerts;
  // If nothing that is retained matched, nothing of it will come again.
  if (follows) yield* falco.sub({ ...options, after: position ?? 0n });
}

/** Whether the client found that a server which is not ours answers. */
export function isFalcosOwn(error: unknown): error is FalcoError {
  return error instanceof FalcoError && error.code === Code.Unimplemented && !error.fromServer;
}
