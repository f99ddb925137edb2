import { parsePriority } from "@falco-outputs/core";
import { makeAlerts } from "../alerts.js";
import type { Received } from "../peers/roles.js";

/** What a client that gets `count` alerts from memory must have read. */
export function expectedOf(count: number, minPriority = Number.POSITIVE_INFINITY): Received {
  const parts = makeAlerts().lines.map((line) => JSON.parse(line) as { rule: string; priority: string });
  let alerts = 0;
  let ruleCharacters = 0;
  for (let index = 0; index < count; index++) {
    const { rule, priority } = parts[index % parts.length]!;
    if (parsePriority(priority)! > minPriority) continue;
    alerts++;
    ruleCharacters += rule.length;
  }
  return { alerts, ruleCharacters };
}
