/** A request's filters and times, by the names of the contract, as the client's options; everything else stays as it is. */
export function filterOptions({ allow, deny, since, until, ...rest }: Record<string, unknown>) {
  return {
    ...rest,
    ...(allow !== undefined && { allow: (allow as ContractFilter[]).map(alertFilter) }),
    ...(deny !== undefined && { deny: (deny as ContractFilter[]).map(alertFilter) }),
    ...(since !== undefined && { since: timeOption(since as string) }),
    ...(until !== undefined && { until: timeOption(until as string) }),
  };
}

interface ContractFilter extends Record<string, unknown> {
  min_priority?: number;
  fields?: { name: string; values?: string[] }[];
}

function alertFilter({ min_priority, fields, ...texts }: ContractFilter): object {
  return {
    ...texts,
    ...(min_priority !== undefined && { minPriority: min_priority }),
    ...(fields && { fields: Object.fromEntries(fields.map(({ name, values = [] }) => [name, values])) }),
  };
}

/** A Date where it is precise enough. */
function timeOption(time: string): Date | bigint {
  const [, seconds, fraction = ""] = /^(.*T\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/.exec(time) ?? [];
  if (seconds === undefined) throw new Error(`time: ${time}, expected RFC 3339 in UTC`);
  const nanos = BigInt(fraction.padEnd(9, "0"));
  const ns = BigInt(Date.parse(`${seconds}Z`)) * 1_000_000n + nanos;
  return nanos % 1_000_000n === 0n ? new Date(Number(ns / 1_000_000n)) : ns;
}
