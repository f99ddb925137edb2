import type { OutputsRequest } from "@falco-outputs/core/contract";
import type { Wanted } from "./roles.js";

/** What a request of the contract asks for. */
export function wantedOf({ after = 0n, allow = [], group }: Partial<OutputsRequest>): Wanted {
  const minPriority = allow[0]?.minPriority;
  return {
    after: Number(after),
    ...(minPriority !== undefined && { minPriority }),
    ...(group !== undefined && group !== "" && { group }),
  };
}
