import type { SceneResult } from "../scene.js";
import type { Verdict } from "./judge.js";
import { formatFigure, formatNumber } from "./number.js";

/** Rows of cells, the first one the head. */
export type Table = readonly (readonly string[])[];

/** Figures beyond these are too many for columns: each is a row then. */
const maxColumns = 6;
const leastMarkdownWidth = 3;

/** A row a contestant, or if there are many figures a row a figure. */
export function figuresTable({ figures }: SceneResult): Table {
  return compact(tableOf("", figures));
}

/** A row a comparison; undefined if there is none. */
export function ratiosTable({ ratios }: SceneResult): Table | undefined {
  return Object.keys(ratios).length === 0 ? undefined : tableOf("ratio", ratios);
}

export function targetsTable(verdicts: readonly Verdict[]): Table {
  const rows = verdicts.map(({ target, measured, isMet }) => [
    target.name,
    `${target.is} ${formatNumber(target.number)}`,
    measured === undefined ? "failed" : formatFigure(measured),
    isMet ? "met" : "not met",
  ]);
  return [["what", "target", "measured", ""], ...rows];
}

function tableOf(corner: string, rows: SceneResult["figures"]): Table {
  const names = [...new Set(Object.values(rows).flatMap((row) => Object.keys(row)))];
  const cells = Object.entries(rows).map(([name, row]) => [
    name,
    ...names.map((column) => (row[column] === undefined ? "–" : formatFigure(row[column]))),
  ]);
  return [[corner, ...names], ...cells];
}

function compact(table: Table): Table {
  const [head] = table;
  if (head!.length <= maxColumns) return table;
  return head!.map((_, column) => table.map((row) => row[column]!));
}

/** For a terminal: columns of spaces. */
export function toText(table: Table): string {
  return padded(table, 0)
    .map((row) => row.join("  ").trimEnd())
    .join("\n");
}

/** For a page, as the formatter would have it. */
export function toMarkdown(table: Table): string {
  const [head, ...rows] = padded(table, leastMarkdownWidth);
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head!), line(head!.map((cell) => "-".repeat(cell.length))), ...rows.map(line)].join("\n");
}

/** Each column as wide as its widest cell. */
function padded(table: Table, leastWidth: number): string[][] {
  const widths = table[0]!.map((_, column) =>
    Math.max(leastWidth, ...table.map((row) => row[column]!.length)),
  );
  return table.map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)));
}
