import type { ServerStats } from "@falco-outputs/server";

/** Subscribers choose the names of groups: so many have a series of their own. */
const maxGroups = 100;
const others = "(others)";

/** What waits for each group. Of many, those for which the most waits; the rest are summed. */
export function waitingByGroup(groups: ServerStats["groups"]): [group: string, waiting: number][] {
  const { "": shared, [others]: named = undefined, ...rest } = groups;
  const sorted = Object.entries(rest)
    .map(([name, { waiting }]): [string, number] => [name, waiting])
    .sort(([, one], [, other]) => other - one);
  const apart = sorted.slice(0, maxGroups);
  const together = sorted.slice(maxGroups);
  const sum = together.reduce((total, [, waiting]) => total + waiting, named?.waiting ?? 0);
  return [
    ["", shared?.waiting ?? 0],
    ...apart,
    ...(together.length > 0 || named !== undefined ? [[others, sum] satisfies [string, number]] : []),
  ];
}
