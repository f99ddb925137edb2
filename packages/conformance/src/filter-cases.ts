import type { Call, Case, ExpectedAlert } from "./case.js";

/** What passes a filter. */
export interface FilterVector {
  /** A single filter of `allow`; an empty one is none. */
  filter?: RequestFilter;
  allow?: RequestFilter[];
  deny?: RequestFilter[];
  alerts: ExpectedAlert[];
  /** Which of the alerts pass; 1 is the first. */
  pass: number[];
}

/** The fields of a filter by their names in the contract. */
type RequestFilter = Record<string, unknown>;

/** Server and client have to decide the same: the server for a broadcast and for a group, the client for itself. */
export function filterCases(vector: FilterVector): (Partial<Case> & { suffix: string })[] {
  const { alerts, pass } = vector;
  const filters = filtersOf(vector);
  const feed = alerts.map((alert) => ({ alert }));
  const passing = pass.map((fed) => {
    const alert = alerts[fed - 1];
    if (alert === undefined) throw new Error(`pass: ${fed}, but there are ${alerts.length} alerts`);
    return { ...alert, fed };
  });
  const get = (options: Partial<Call>): Call => ({
    method: "get",
    expect: { status: "OK", alerts: passing, position: { before: 1 } },
    ...options,
  });
  return [
    {
      suffix: "",
      feed,
      calls: [
        get({ request: { ...filters, broadcast: true } }),
        get({ request: { ...filters, group: "pager", after: "0" } }),
      ],
    },
    { suffix: "-client", feed, calls: [get({ request: filters, filter_locally: true })] },
  ];
}

function filtersOf({ filter = {}, allow = [], deny = [] }: FilterVector): Record<string, RequestFilter[]> {
  const allowed = Object.keys(filter).length > 0 ? [filter, ...allow] : allow;
  return { ...(allowed.length > 0 && { allow: allowed }), ...(deny.length > 0 && { deny }) };
}
