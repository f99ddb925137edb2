/** What alerts are chosen by: the part of a filter, and the field of an alert that it is compared with. */
export const filterFields = {
  tags: "tags",
  minPriority: "priority",
  rules: "rule",
  sources: "source",
  hostnames: "hostname",
} as const;

/** A part of a filter that lists the values that match. */
export type ListFilter = Exclude<keyof typeof filterFields, "minPriority">;

export const listFilters = (Object.keys(filterFields) as (keyof typeof filterFields)[]).filter(
  (name): name is ListFilter => name !== "minPriority",
);
