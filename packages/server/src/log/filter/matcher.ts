import { alertField, FieldWalk, int32At } from "@falco-outputs/core/codec";
import type { RequestFilter } from "@falco-outputs/core/contract";
import { AlertParts, type Place, type Places } from "./alert-parts.js";
import type { Filter } from "./filter.js";
import { NamedFields } from "./named-fields.js";
import { Values } from "./values.js";

/** Decides about the encoded alert that is `bytes` from `start` to `end`, in place. */
export type Matcher = (bytes: Uint8Array, start: number, end: number) => boolean;

/** The alert that is looked at; nothing of it is needed afterwards. */
const alert = new AlertParts();

/** Whether alerts pass a filter. One pass over an alert serves all of its parts. */
export function createMatcher({ allow, deny }: Filter): Matcher {
  const fields = new NamedFields(
    [...allow, ...deny].flatMap((filter) => filter.fields.map(({ name }) => name)),
  );
  const allowed = allow.map((filter) => new OneFilter(filter, fields));
  const denied = deny.map((filter) => new OneFilter(filter, fields));
  return (bytes, start, end) => {
    alert.read(bytes, start, end);
    fields.clear();
    return (allowed.length === 0 || oneMatches(allowed)) && !oneMatches(denied);
  };
}

function oneMatches(filters: readonly OneFilter[]): boolean {
  for (const filter of filters) if (filter.matches()) return true;
  return false;
}

const walk = new FieldWalk();

/** Whether alerts are at least so severe. */
export function severityMatcher(minPriority: number): Matcher {
  return (bytes, start, end) => {
    let priority = 0;
    walk.open(bytes, start, end);
    while (walk.next()) if (walk.field === alertField.priority) priority = int32At(bytes, walk.start);
    return priority <= minPriority;
  };
}

/** A filter, all of whose parts must match. */
class OneFilter {
  readonly #minPriority: number;
  readonly #rules: Values | undefined;
  readonly #sources: Values | undefined;
  readonly #hostnames: Values | undefined;
  readonly #tags: Values | undefined;
  /** Without values, it is enough that the alert has the field. */
  readonly #fields: readonly { readonly number: number; readonly values: Values | undefined }[];
  readonly #named: NamedFields;

  constructor(filter: RequestFilter, named: NamedFields) {
    this.#minPriority = filter.minPriority ?? Number.POSITIVE_INFINITY;
    this.#rules = valuesOf(filter.rules);
    this.#sources = valuesOf(filter.sources);
    this.#hostnames = valuesOf(filter.hostnames);
    this.#tags = valuesOf(filter.tags);
    this.#fields = filter.fields.map(({ name, values }) => ({
      number: named.numberOf(name),
      values: valuesOf(values),
    }));
    this.#named = named;
  }

  /** Whether `alert` matches. Stops at the first part that does not. */
  matches(): boolean {
    return (
      alert.priority <= this.#minPriority &&
      matchesAt(this.#sources, alert.source) &&
      matchesAt(this.#rules, alert.rule) &&
      matchesAt(this.#hostnames, alert.hostname) &&
      matchesAny(this.#tags, alert.tags) &&
      this.#matchesFields()
    );
  }

  #matchesFields(): boolean {
    for (const { number, values } of this.#fields) {
      const start = this.#named.startOf(number, alert);
      if (start === -1) return false;
      if (values !== undefined && !values.match(alert.bytes, start, this.#named.endOf(number))) return false;
    }
    return true;
  }
}

/** Undefined if a filter leaves the part out. */
function valuesOf(values: readonly string[]): Values | undefined {
  return values.length === 0 ? undefined : new Values(values);
}

function matchesAt(values: Values | undefined, { start, end }: Place): boolean {
  return values === undefined || values.match(alert.bytes, start, end);
}

function matchesAny(values: Values | undefined, places: Places): boolean {
  if (values === undefined) return true;
  for (let index = 0; index < places.count; index++) {
    if (values.match(alert.bytes, places.startOf(index), places.endOf(index))) return true;
  }
  return false;
}
