import type { Call, Case, ExpectedAlert } from "./case.js";

/** What passes a filter. */
export interface FilterVector {
  /** Fields of a request. */
  filter: Record<string, unknown>;
  alerts: ExpectedAlert[];
  /** Which of the alerts pass; 1 is the first. */
  pass: number[];
}

/** Every side that filters has to decide the same: the server for a broadcast and for a group, and the client. */
export function filterCases({ filter, alerts, pass }: FilterVector): (Partial<Case> & { suffix: string })[] {
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
        get({ request: { ...filter, broadcast: true } }),
        get({ request: { ...filter, group: "pager", after: "0" } }),
      ],
    },
    { suffix: "-client", feed, calls: [get({ request: filter, filter_locally: true })] },
  ];
}
