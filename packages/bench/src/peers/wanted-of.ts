import type { OutputsRequest } from "@falco-outputs/core/contract";
import type { Wanted } from "./roles.js";

/** What a request of the contract asks for. */
export function wantedOf({ after = 0n, minPriority, group }: Partial<OutputsRequest>): Wanted {
  return {
    after: Number(after),
    ...(minPriority !== undefined && { minPriority }),
    ...(group !== undefined && group !== "" && { group }),
  };
}
