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
  const all = shares.flat().sort(byPlace);
  return [
    ...alertsDifferences(wanted, all, features).map((text) => `together: ${text}`),
    ...(features.has("sequence")
      ? differences(
          wanted.map(({ sequence, isLoss }) => (isLoss ? undefined : String(sequence))),
          all.map(({ sequence }) => sequence),
          "together: sequence",
        )
      : []),
    ...shares.flatMap((share, index) => [
      ...(share.length === 0 ? [`share ${index + 1}: expected some, saw nothing`] : []),
      ...differences([...share].sort(byPlace).map(ruleOf), share.map(ruleOf), `share ${index + 1}: order`),
    ]),
  ];
}

function byPlace(a: NeutralAlert, b: NeutralAlert): number {
  return Number(placeOf(a) - placeOf(b));
}

/** By its number where the client shows no sequence numbers; the alert that tells a loss has neither, and comes first. */
function placeOf({ sequence, output_fields }: NeutralAlert): bigint {
  return BigInt(sequence ?? output_fields.number ?? 0);
}

function ruleOf({ rule }: NeutralAlert): string {
  return rule;
}
