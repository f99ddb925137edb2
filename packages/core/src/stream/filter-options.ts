import { create } from "@bufbuild/protobuf";
import { type RequestFilter, RequestFilterSchema } from "../contract.js";
import { listFilters } from "../filter.js";
import { OptionError } from "../option-error.js";
import { toPriority } from "../priority.js";
import type { AlertFilter, FilterOptions } from "./options.js";

/** Filters as the contract has them. */
export interface RequestFilters {
  readonly allow: RequestFilter[];
  readonly deny: RequestFilter[];
  /** What the caller calls a part of the request that the contract calls e.g. `allow[0].min_priority`. */
  readonly nameOf: (path: string) => string;
}

/** In the order in which errors name them. */
const parts = ["minPriority", "rules", "sources", "hostnames", "tags", "fields"] as const;

/** @throws OptionError for what is not a filter, and for parts of one beside `allow`. */
export function requestFilters(options: FilterOptions): RequestFilters {
  const short = parts.filter((name) => isGiven(options[name]));
  const allow = filtersIn("allow", options.allow);
  const deny = filtersIn("deny", options.deny);
  const [first] = short;
  if (first === undefined) return { allow, deny, nameOf: optionName };
  if (allow.length > 0) {
    throw new OptionError({
      option: first,
      got: options[first],
      expected: "it in a filter of {allow}, which is given as well",
    });
  }
  return {
    allow: [toRequestFilter(options, "")],
    deny,
    nameOf: (path) => (path === "allow" ? short.join(", ") : optionName(path).replace(/^allow\[0\]\./, "")),
  };
}

function optionName(path: string): string {
  return path.replace(/\.min_priority$/, ".minPriority").replace(/\.fields\[\d+\]\.name$/, '.fields[""]');
}

function isGiven(value: unknown): boolean {
  return typeof value === "object" && value !== null ? Object.keys(value).length > 0 : value !== undefined;
}

function filtersIn(list: "allow" | "deny", filters: unknown = []): RequestFilter[] {
  if (!Array.isArray(filters))
    throw new OptionError({ option: list, got: filters, expected: "a list of filters" });
  return filters.map((filter: unknown, index) => {
    const path = `${list}[${index}]`;
    if (!isRecord(filter)) throw new OptionError({ option: path, got: filter, expected: "a filter" });
    return toRequestFilter(filter, `${path}.`);
  });
}

function toRequestFilter(filter: AlertFilter, path: string): RequestFilter {
  const { minPriority, fields = {} } = filter;
  if (!isRecord(fields)) {
    throw new OptionError({
      option: `${path}fields`,
      got: fields,
      expected: "values by the name of their field",
    });
  }
  return create(RequestFilterSchema, {
    ...Object.fromEntries(listFilters.map((name) => [name, texts(`${path}${name}`, filter[name])])),
    // A number is judged with the rest of the request, in the server's words.
    ...(minPriority !== undefined && {
      minPriority:
        typeof minPriority === "number" ? minPriority : toPriority(minPriority, `${path}minPriority`),
    }),
    fields: Object.entries(fields).map(([name, values]) => ({
      name: name.toWellFormed(),
      values: texts(`${path}fields[${JSON.stringify(name)}]`, [values].flat()),
    })),
  });
}

/** What is not well-formed is sent, and compared, as the replacement character. */
function texts(option: string, values: unknown = []): string[] {
  if (Array.isArray(values) && values.every((value) => typeof value === "string")) {
    return values.map((value) => value.toWellFormed());
  }
  throw new OptionError({ option, got: values, expected: "a list of texts" });
}

function isRecord(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
