/** What alerts are chosen by: the field of a request, and the field of an alert that it is compared with. */
export const filterFields = {
  tags: "tags",
  minPriority: "priority",
  rules: "rule",
  sources: "source",
  hostnames: "hostname",
} as const;

/** A field of which a request names the values that pass. */
export type ListFilter = Exclude<keyof typeof filterFields, "minPriority">;

export const listFilters = (Object.keys(filterFields) as (keyof typeof filterFields)[]).filter(
  (name): name is ListFilter => name !== "minPriority",
);
