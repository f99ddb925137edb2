import type { Alert } from "../alert-message.js";
import { type OutputsRequest, timestampNs } from "../contract.js";
import { matcherOf } from "./local-filter.js";
import type { FilterOptions } from "./options.js";
import { streamSettings } from "./settings.js";

/** What a broadcast is asked for, for alerts that come from elsewhere than a server. */
export interface AlertFiltering {
  /** What a server would be sent. */
  readonly request: OutputsRequest;
  /**
   * Whether an alert passes, as a server would decide.
   * @param arrivedNs What counts as the time of an alert without one, in nanoseconds since 1970.
   */
  passes(alert: Alert, arrivedNs: bigint): boolean;
}

/** @throws what `get` throws for the same options. */
export function filtering(
  options: FilterOptions & { since?: Date | bigint; until?: Date | bigint },
): AlertFiltering {
  const { request } = streamSettings("get", { ...options, broadcast: true });
  const { allow, deny } = request;
  const matches = matcherOf(allow, deny);
  const since = request.since && timestampNs(request.since);
  const until = request.until && timestampNs(request.until);
  return {
    request,
    passes: (alert, arrivedNs) => {
      const time = alert.time === undefined ? arrivedNs : timestampNs(alert.time);
      return (
        (since === undefined || time >= since) && (until === undefined || time < until) && matches(alert)
      );
    },
  };
}
