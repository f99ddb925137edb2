import { create } from "@bufbuild/protobuf";
import { type RequestFilter, RequestFilterSchema } from "../contract.js";
import { listFilters } from "../filter.js";
import { OptionError } from "../option-error.js";
import { toPriority } from "../priority.js";
import type { AlertFilter, FilterOptions } from "./options.js";

/** Filters as the contract has them, and what the caller typed for each part of the request. */
export interface RequestFilters {
  readonly allow: RequestFilter[];
  readonly deny: RequestFilter[];
  readonly nameOf: (path: string) => string;
}

const parts = ["minPriority", "fields", ...listFilters] as const;

/** @throws OptionError for the name of a priority that there is not; for filter parts beside `allow`. */
export function requestFilters(options: FilterOptions): RequestFilters {
  const short = parts.filter((name) => isGiven(options[name]));
  const { allow = [], deny = [] } = options;
  if (short.length > 0 && allow.length > 0) {
    throw new OptionError({
      option: short[0]!,
      got: options[short[0]!],
      expected: "nothing with {allow}: put it into the filters there",
    });
  }
  const path = (list: string) => (index: number, name: string) => `${list}[${index}].${name}`;
  return {
    allow:
      short.length > 0
        ? [toRequestFilter(options, (name) => name)]
        : allow.map((filter, index) => toRequestFilter(filter, (name) => path("allow")(index, name))),
    deny: deny.map((filter, index) => toRequestFilter(filter, (name) => path("deny")(index, name))),
    nameOf: (name) => optionName(name, short),
  };
}

function optionName(path: string, short: readonly string[]): string {
  if (path === "acknowledged") return "acknowledge";
  if (short.length > 0 && path === "allow") return short.join(", ");
  const typed = path.replace("min_priority", "minPriority");
  return short.length > 0 ? typed.replace(/^allow\[0\]\./, "") : typed;
}

function isGiven(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined;
}

function toRequestFilter(filter: AlertFilter, nameOf: (name: string) => string): RequestFilter {
  const { minPriority, fields = {} } = filter;
  return create(RequestFilterSchema, {
    ...Object.fromEntries(listFilters.map((name) => [name, [...(filter[name] ?? [])]])),
    // A number is judged with the rest of the request, in the server's words.
    ...(minPriority !== undefined && {
      minPriority:
        typeof minPriority === "number" ? minPriority : toPriority(minPriority, nameOf("minPriority")),
    }),
    fields: Object.entries(fields).map(([name, values]) => ({ name, values: [values].flat() })),
  });
}
