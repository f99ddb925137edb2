import { filterFields } from "./filter.js";
import type { request as OutputsRequest } from "./gen/falco/outputs/outputs_pb.js";
import { priorityNames } from "./priority.js";

/** The longest name of a group, in UTF-16 units. */
const maxGroupLength = 256;

/** The fields of a request by which alerts are chosen. */
const filters = Object.keys(filterFields) as (keyof typeof filterFields)[];

/**
 * Why a stream's first request makes no sense; undefined if it does. Client and server ask here, so that they refuse
 * the same in the same words.
 * @param nameOf What a field is called. Default: as in the contract.
 */
export function refusal(
  method: "sub" | "get",
  request: OutputsRequest,
  nameOf: (field: "minPriority" | "acknowledged" | (typeof filters)[number]) => string = fieldName,
): string | undefined {
  const { group, broadcast, after, follow, acknowledged, minPriority } = request;
  const filtered = filters.filter((name) => isSet(request[name])).map(nameOf);
  if (group.length > maxGroupLength) {
    return `group: a name of ${group.length} characters, expected at most ${maxGroupLength}`;
  }
  if (group !== "" && broadcast) {
    return "group, broadcast: they exclude each other: a group shares its alerts, a broadcast gets them all";
  }
  if (group === "" && !broadcast) {
    if (filtered.length > 0) {
      return `${filtered.join(", ")}: the shared queue has no filter, for what does not match would be lost to the others: name a group, ask for a broadcast, or filter locally`;
    }
    if (after !== undefined) {
      return "after: the shared queue goes on with what nobody took: name a group, or ask for a broadcast";
    }
  }
  if (minPriority !== undefined && priorityNames[minPriority] === undefined) {
    return `${nameOf("minPriority")}: ${minPriority}, expected 0 (Emergency) to 7 (Debug)`;
  }
  if (method === "sub" && follow) return "follow: sub follows anyway, it is for get";
  if (acknowledged === undefined) return undefined;
  const name = nameOf("acknowledged");
  if (method === "get") return `${name}: get takes no acknowledgements, use sub`;
  if (broadcast) return `${name}: a broadcast shares with nobody to whom its alerts could go instead`;
  if (acknowledged !== 0n) return `${name}: ${acknowledged}, expected 0 in a stream's first request`;
  return undefined;
}

/** Which fields of a request are set, by their names in the contract. */
export function fieldsOf({ $typeName, $unknown, ...fields }: OutputsRequest): string[] {
  return Object.entries(fields)
    .filter(([, value]) => isSet(value))
    .map(([name]) => fieldName(name));
}

function isSet(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value !== undefined && value !== "" && value !== false;
}

function fieldName(localName: string): string {
  return localName.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
