import { type AlertFilter, FalcoError, type PriorityLike } from "@falco-outputs/core";
import { toPriority } from "@falco-outputs/core/codec";
import { filtering, OptionError } from "@falco-outputs/core/options";
import { createMatcher, type Matcher, severityMatcher } from "../log/filter/matcher.js";

/** Which alerts an output gets. */
export interface OutputSelection {
  /** Only alerts that are at least this severe. Default: all. */
  priority?: PriorityLike;
  /** Only alerts that match one of these. Default: all. */
  allow?: readonly AlertFilter[];
  /** No alerts that match one of these. Default: none. */
  deny?: readonly AlertFilter[];
}

/** An output of which there may be several. */
export interface NamedOutput extends OutputSelection {
  /**
   * Its counts are those of the output `KIND:NAME`, e.g. `http:slack`. Letters, digits, `.`, `_` and `-`; at most 64. One
   * output of each kind needs none.
   */
  name?: string;
}

/**
 * Whether an output gets an alert; undefined if it gets all.
 * @param option What the output's options are called, e.g. `outputs.http`.
 * @throws OptionError
 */
export function selectionOf(
  { priority, allow = [], deny = [] }: OutputSelection,
  option: string,
): Matcher | undefined {
  const least = priority === undefined ? undefined : toPriority(priority, `${option}.priority`);
  const isSevere = least === undefined ? undefined : severityMatcher(least);
  const matches =
    allow.length + deny.length === 0 ? undefined : createMatcher(requestFilters({ allow, deny }, option));
  if (isSevere === undefined || matches === undefined) return isSevere ?? matches;
  return (bytes, start, end) => isSevere(bytes, start, end) && matches(bytes, start, end);
}

function requestFilters(filters: Required<Pick<OutputSelection, "allow" | "deny">>, option: string) {
  try {
    return filtering(filters).request;
  } catch (error) {
    throw error instanceof OptionError
      ? error.renamed((path) => `${option}.${path}`)
      : located(error, option);
  }
}

/** What is wrong with the filters of a request is told in one sentence, which begins with their names. */
function located(error: unknown, option: string): unknown {
  if (!(error instanceof FalcoError)) return error;
  const [, name = "", rest = error.message] = /^([\w[\], .]+): (.*)$/s.exec(error.message) ?? [];
  return new OptionError({ option: `${option}.${name.split(", ")[0]}`, expected: `a filter: ${rest}` });
}
