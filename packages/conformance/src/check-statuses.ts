import type { Call } from "./case.js";
import { differences } from "./differences.js";
import type { NeutralStatus, StatusType } from "./protocol.js";
import type { Wanted } from "./wanted.js";

/** Each loss is told right before the alert that tells it, in whatever case; the rest where a case expects it. */
export function statusDifferences(
  { expect, method }: Call,
  wanted: readonly Wanted[],
  tellsStatuses: boolean,
  statuses: readonly NeutralStatus[] | undefined,
): string[] {
  const isStream = method === "sub" || method === "get";
  if (!tellsStatuses || !isStream) return differences(undefined, statuses, "statuses");
  if (statuses === undefined) return ["statuses: expected, saw nothing"];
  const losses = wanted.flatMap(({ alert, isLoss }, index) =>
    isLoss ? [{ type: "lost", alerts: index, loss: alert.output_fields }] : [],
  );
  const told = statuses.filter(({ type }) => type === "lost");
  return [
    // Any of the streams that share may get the alert.
    ...(expect.alerts === "together" ? [] : differences(losses, told, "statuses: lost")),
    ...lastHeardDifferences(statuses),
    ...(expect.statuses === undefined ? [] : differences(expect.statuses, folded(statuses), "statuses")),
  ];
}

/** A stream that was connected has heard from the server. */
function lastHeardDifferences(statuses: readonly NeutralStatus[]): string[] {
  let wasConnected = false;
  return statuses.flatMap(({ type, last_heard: heard = false }, index) => {
    wasConnected ||= type === "connected" || type === "resumed";
    const expected = wasConnected && type === "disconnected";
    return differences(expected, heard, `statuses[${index}].last_heard`);
  });
}

/** How often a client tries while the server is away depends on the clock. */
function folded(statuses: readonly NeutralStatus[]): StatusType[] {
  const types: StatusType[] = [];
  for (const { type } of statuses) {
    const repeats =
      type === "disconnected" && types.at(-1) === "connecting" && types.at(-2) === "disconnected";
    if (repeats) types.pop();
    else types.push(type);
  }
  return types;
}
