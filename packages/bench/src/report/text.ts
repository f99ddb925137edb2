import { failed, type Outcome } from "../outcome.js";
import { conditions } from "./conditions.js";
import { judge } from "./judge.js";
import { figuresTable, ratiosTable, targetsTable, toText } from "./tables.js";

/** For a terminal. */
export function toReport(outcomes: readonly Outcome[], quick: boolean): string {
  const parts = outcomes.map((outcome) => {
    const { title } = outcome.scene;
    if (failed(outcome)) return `${title}\n\nFAILED: ${outcome.failure}`;
    const ratios = ratiosTable(outcome.result);
    return [
      title,
      toText(figuresTable(outcome.result)),
      ...(ratios === undefined ? [] : [toText(ratios)]),
      conditions(outcome.result),
    ].join("\n\n");
  });
  const verdicts = judge(outcomes);
  if (verdicts.length > 0) parts.push(`Targets\n\n${toText(targetsTable(verdicts))}`);
  if (quick) parts.push("A quick run: it shows that everything runs. Its figures are none.");
  return parts.join("\n\n\n");
}
