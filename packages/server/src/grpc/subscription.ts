import { Code, ConnectError } from "@connectrpc/connect";
import { fieldsOf, listFilters, type OutputsRequest, refusal } from "@falco-outputs/core/contract";
import type { Subscription } from "../log/alert-log.js";
import type { Filter } from "../log/filter.js";

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
  // get shows what is there: without a place to start from, everything that is retained.
  if (broadcast) return { mode: "broadcast", follow, after: after ?? (fromNow ? undefined : 0), filter };
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

function filterOf(request: OutputsRequest): Filter | undefined {
  const { minPriority } = request;
  const lists = listFilters.filter((name) => request[name].length > 0);
  if (minPriority === undefined && lists.length === 0) return undefined;
  return {
    ...Object.fromEntries(lists.map((name) => [name, request[name]])),
    ...(minPriority !== undefined && { minPriority }),
  };
}
