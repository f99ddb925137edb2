import { priorityNames } from "@falco-outputs/core";
import type { LoadedRequest } from "./definitions.js";
import type { Wanted } from "./roles.js";

const severities = new Map(priorityNames.map((name, severity) => [name.toUpperCase(), severity]));

/** A priority's number by its name, in whichever spelling the loader has it. */
export function severityOf(name: string): number {
  return severities.get(name.toUpperCase())!;
}

export function toLoadedRequest({ after, minPriority, group }: Wanted): LoadedRequest {
  return {
    after: String(after),
    ...(minPriority !== undefined && {
      allow: [{ min_priority: priorityNames[minPriority]!.toUpperCase() }],
    }),
    ...(group !== undefined && { group }),
  };
}

export function fromLoadedRequest(request: LoadedRequest): Wanted {
  const { after = "0", allow = [], group = "" } = request;
  const min_priority = allow[0]?.min_priority;
  return {
    after: Number(after),
    ...(min_priority !== undefined && { minPriority: severityOf(min_priority) }),
    ...(group !== "" && { group }),
  };
}
