import type { CallsAtOnce, Feature } from "./case.js";
import { alertsDifferences, wantedAlerts } from "./check-result.js";
import { differences } from "./differences.js";
import type { CallResult, NeutralAlert } from "./protocol.js";
import type { Published } from "./published.js";

/** Where calls that share alerts differ from what is expected of them together. */
export function checkTogether(
  { at_once, together = [] }: CallsAtOnce,
  results: readonly CallResult[],
  features: ReadonlySet<Feature>,
  published: Published,
): string[] {
  const wanted = wantedAlerts(together, false, published);
  const shares = results
    .filter((_, index) => at_once[index]!.expect.alerts === "together")
    .map(({ alerts = [] }) => alerts);
  const all = shares.flat().sort(bySequence);
  return [
    ...alertsDifferences(wanted, all, features).map((text) => `together: ${text}`),
    ...differences(
      wanted.map(({ sequence, isLoss }) => (isLoss ? undefined : String(sequence))),
      all.map(({ sequence }) => sequence),
      "together: sequence",
    ),
    ...shares.flatMap((share, index) => [
      ...(share.length === 0 ? [`share ${index + 1}: expected some, saw nothing`] : []),
      ...differences([...share].sort(bySequence).map(ruleOf), share.map(ruleOf), `share ${index + 1}: order`),
    ]),
  ];
}

function bySequence(a: NeutralAlert, b: NeutralAlert): number {
  return Number(BigInt(a.sequence ?? 0) - BigInt(b.sequence ?? 0));
}

function ruleOf({ rule }: NeutralAlert): string {
  return rule;
}
