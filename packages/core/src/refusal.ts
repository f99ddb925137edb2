import { listFilters } from "./filter.js";
import type { request as OutputsRequest, filter as RequestFilter } from "./gen/falco/outputs/outputs_pb.js";
import { priorityNames } from "./priority.js";
import { isTimestamp, timestampNs } from "./time.js";

/** The longest name of a group, in UTF-16 units. */
const maxGroupLength = 256;

/** How much a request's filters, `allow` and `deny` together, may hold. */
export const filterLimits = {
  filters: 100,
  /** Names of rules, sources, hosts, tags and fields, and the fields' values. */
  values: 1_000,
  /** What they take in UTF-8, in bytes. */
  bytes: 64 * 1024,
} as const;

/**
 * Why a stream's first request makes no sense; undefined if it does. Client and server ask here, so that they refuse
 * the same in the same words.
 * @param nameOf What a part of the request is called, e.g. `allow[0].min_priority`. Default: as in the contract.
 */
export function refusal(
  method: "sub" | "get",
  request: OutputsRequest,
  nameOf: (path: string) => string = (path) => path,
): string | undefined {
  return (
    refusedMode(request, nameOf) ??
    refusedTimes(method, request, nameOf) ??
    refusedFilters(request, nameOf) ??
    refusedUse(method, request, nameOf)
  );
}

type NameOf = (path: string) => string;

function refusedMode({ group, broadcast, allow, deny, after }: OutputsRequest, nameOf: NameOf) {
  if (group.length > maxGroupLength) {
    return `${nameOf("group")}: a name of ${group.length} characters, expected at most ${maxGroupLength}`;
  }
  if (group !== "" && broadcast) {
    return `${nameOf("group")}, ${nameOf("broadcast")}: they exclude each other: a group shares its alerts, a broadcast gets them all`;
  }
  if (group !== "" || broadcast) return undefined;
  const filters = [...(allow.length > 0 ? ["allow"] : []), ...(deny.length > 0 ? ["deny"] : [])];
  if (filters.length > 0) {
    return `${filters.map(nameOf).join(", ")}: the shared queue has no filter, for what does not match would be lost to the others: name a group, ask for a broadcast, or filter locally`;
  }
  if (after !== undefined) {
    return `${nameOf("after")}: the shared queue goes on with what nobody took: name a group, or ask for a broadcast`;
  }
  return undefined;
}

function refusedTimes(
  method: "sub" | "get",
  { broadcast, follow, since, until }: OutputsRequest,
  nameOf: NameOf,
) {
  if (since !== undefined && !broadcast) {
    return `${nameOf("since")}: only a broadcast can start at a time: a group keeps its place, and the shared queue goes on with what nobody took`;
  }
  if (until !== undefined && (!broadcast || method === "sub" || follow)) {
    return `${nameOf("until")}: only a get of a broadcast that does not follow can end at a time`;
  }
  for (const [name, time] of Object.entries({ since, until })) {
    if (time !== undefined && !isTimestamp(time)) {
      return `${nameOf(name)}: expected a time from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z`;
    }
  }
  if (since !== undefined && until !== undefined && timestampNs(until) <= timestampNs(since)) {
    return `${nameOf("until")}: it is not later than ${nameOf("since")}`;
  }
  return undefined;
}

/** The same for filters alone, whoever applies them. */
export function refusedFilters(
  { allow, deny }: Pick<OutputsRequest, "allow" | "deny">,
  nameOf: NameOf,
): string | undefined {
  const filters = [
    ...allow.map((filter, index) => ({ filter, path: `allow[${index}]` })),
    ...deny.map((filter, index) => ({ filter, path: `deny[${index}]` })),
  ];
  if (filters.length === 0) return undefined;
  const names = [...(allow.length > 0 ? ["allow"] : []), ...(deny.length > 0 ? ["deny"] : [])]
    .map(nameOf)
    .join(", ");
  const texts = filters.flatMap(({ filter }) => textsOf(filter));
  const bytes = texts.reduce((sum, text) => sum + utf8Bytes(text), 0);
  const { filters: maxFilters, values: maxValues, bytes: maxBytes } = filterLimits;
  if (filters.length > maxFilters)
    return `${names}: ${filters.length} filters, expected at most ${maxFilters}`;
  if (texts.length > maxValues) return `${names}: ${texts.length} values, expected at most ${maxValues}`;
  if (bytes > maxBytes) return `${names}: values of ${bytes} bytes, expected at most ${maxBytes}`;
  for (const { filter, path } of filters) {
    const { minPriority, fields } = filter;
    if (
      minPriority === undefined &&
      fields.length === 0 &&
      listFilters.every((name) => filter[name].length === 0)
    ) {
      return `${nameOf(path)}: an empty filter, which every alert would match`;
    }
    if (minPriority !== undefined && priorityNames[minPriority] === undefined) {
      return `${nameOf(`${path}.min_priority`)}: ${minPriority}, expected 0 (Emergency) to 7 (Debug)`;
    }
    const unnamed = fields.findIndex(({ name }) => name === "");
    if (unnamed >= 0) {
      return `${nameOf(`${path}.fields[${unnamed}].name`)}: empty, expected the name of an output field`;
    }
  }
  return undefined;
}

function refusedUse(
  method: "sub" | "get",
  { broadcast, follow, acknowledged }: OutputsRequest,
  nameOf: NameOf,
): string | undefined {
  if (method === "sub" && follow) return `${nameOf("follow")}: sub follows anyway, it is for get`;
  if (acknowledged === undefined) return undefined;
  const name = nameOf("acknowledged");
  if (method === "get") return `${name}: get takes no acknowledgements, use sub`;
  if (broadcast) return `${name}: a broadcast shares with nobody to whom its alerts could go instead`;
  if (acknowledged !== 0n) return `${name}: ${acknowledged}, expected 0 in a stream's first request`;
  return undefined;
}

/** Every text that a filter holds. */
function textsOf(filter: RequestFilter): string[] {
  const fields = filter.fields.flatMap(({ name, values }) => [name, ...values]);
  return [...listFilters.flatMap((name) => filter[name]), ...fields];
}

/** The length in UTF-8 of well-formed text; a lone surrogate counts as the replacement character. */
function utf8Bytes(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x1_0000 ? 3 : 4;
  }
  return bytes;
}

/** Which fields of a request are set, by their names in the contract. */
export function fieldsOf({ $typeName, $unknown, ...fields }: OutputsRequest): string[] {
  return Object.entries(fields)
    .filter(([, value]) => isSet(value))
    .map(([name]) => name);
}

function isSet(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value !== undefined && value !== "" && value !== false;
}
