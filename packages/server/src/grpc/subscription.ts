import { Code, ConnectError } from "@connectrpc/connect";
import { fieldsOf, type OutputsRequest, refusal, timestampNs } from "@falco-outputs/core/contract";
import type { Subscription } from "../log/alert-log.js";
import type { Filter } from "../log/filter/filter.js";
import type { TimeWindow } from "../log/filter/time-window.js";

/**
 * What a stream's first request asks for; without one, Falco's own behaviour.
 * @param fromNow Whether a broadcast that does not say where it starts begins with what comes.
 * @throws ConnectError with InvalidArgument if it makes no sense.
 */
export function subscriptionOf(
  method: "sub" | "get",
  request: OutputsRequest | undefined,
  fromNow = method === "sub",
): Subscription {
  const follow = method === "sub" || request?.follow === true;
  if (request === undefined) return { mode: "shared", follow, acknowledge: false };
  const refused = refusal(method, request);
  if (refused !== undefined) throw new ConnectError(refused, Code.InvalidArgument);
  const { group, broadcast } = request;
  const acknowledge = request.acknowledged !== undefined;
  const after = request.after === undefined ? undefined : toNumber(request.after);
  const filter = filterOf(request);
  if (broadcast) {
    // get shows what is there: without a place to start from, everything that is retained.
    const start = fromNow && request.since === undefined ? undefined : 0;
    return { mode: "broadcast", follow, after: after ?? start, filter, window: windowOf(request) };
  }
  if (group !== "") return { mode: "group", group, follow, acknowledge, after, filter };
  return { mode: "shared", follow, acknowledge };
}

/** @throws ConnectError with FailedPrecondition if a later request of a stream says more than it may. */
export function assertLaterRequest(request: OutputsRequest, acknowledges: boolean): void {
  const fields = fieldsOf(request).filter((name) => !acknowledges || name !== "acknowledged");
  if (fields.length === 0) return;
  throw new ConnectError(
    `${fields.join(", ")}: too late, options belong in a stream's first request`,
    Code.FailedPrecondition,
  );
}

/** Beyond every sequence number there can be; those fit a number. */
function toNumber(sequence: bigint): number {
  return sequence > Number.MAX_SAFE_INTEGER ? Number.MAX_SAFE_INTEGER : Number(sequence);
}

function filterOf({ allow, deny }: OutputsRequest): Filter | undefined {
  return allow.length === 0 && deny.length === 0 ? undefined : { allow, deny };
}

function windowOf({ since, until }: OutputsRequest): TimeWindow | undefined {
  if (since === undefined && until === undefined) return undefined;
  return { since: since && timestampNs(since), until: until && timestampNs(until) };
}
