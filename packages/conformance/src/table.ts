import type { ClientUnderTest } from "./clients.js";
import type { Outcome, Row } from "./run.js";

const marks: Record<Outcome["kind"], string> = {
  passed: "✓",
  failed: "✗",
  "known failure": "k",
  "not applicable": "–",
  "not run": "?",
};

/** The table, then what there is to say about its marks. */
export function table(rows: readonly Row[], clients: readonly ClientUnderTest[]): string {
  const names = clients.map((client) => client.name);
  const width = Math.max(...rows.map((row) => row.name.length)) + 2;
  const line = (name: string, cells: readonly string[]) =>
    `  ${name.padEnd(width)}${cells.map((cell, i) => cell.padEnd(names[i]!.length + 2)).join("")}`.trimEnd();
  const lines = [line("", names)];
  for (const [index, row] of rows.entries()) {
    if (row.theme !== rows[index - 1]?.theme) lines.push("", row.theme);
    lines.push(
      line(
        row.name,
        row.outcomes.map((outcome) => marks[outcome.kind]),
      ),
    );
  }
  const legend = Object.entries(marks).map(([kind, mark]) => `${mark} ${kind}`);
  return [...lines, "", legend.join("   "), ...remarks(rows, names)].join("\n");
}

/** The first differences tell enough; a thousand alerts may have one each. */
const maxProblems = 20;

function remarks(rows: readonly Row[], names: readonly string[]): string[] {
  return rows.flatMap(({ theme, name, outcomes }) =>
    outcomes.flatMap((outcome, index) => {
      const title = `${marks[outcome.kind]} ${theme}: ${name} (${names[index]})`;
      if (outcome.kind === "known failure" || outcome.kind === "not run") {
        return ["", title, `    ${outcome.reason}`];
      }
      if (outcome.kind === "failed") {
        const { problems } = outcome;
        const more = problems.length - maxProblems;
        return [
          "",
          title,
          ...problems.slice(0, maxProblems).map((problem) => `    ${problem}`),
          ...(more > 0 ? [`    and ${more} more`] : []),
        ];
      }
      return [];
    }),
  );
}

export interface Totals {
  passed: number;
  failed: number;
  notRun: number;
}

/** A known failure went as expected: it counts as passed. */
export function totals(rows: readonly Row[]): Totals {
  const kinds = rows.flatMap((row) => row.outcomes.map((outcome) => outcome.kind));
  const count = (...wanted: Outcome["kind"][]) => kinds.filter((kind) => wanted.includes(kind)).length;
  return { passed: count("passed", "known failure"), failed: count("failed"), notRun: count("not run") };
}
