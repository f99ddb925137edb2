import { printable } from "@falco-outputs/core/printable";
import type { Alert } from "@falco-outputs/node";
import { cell } from "./cells.js";
import { colored } from "./color.js";
import { longestPriority } from "./compact.js";
import type { Look, Printer } from "./printer.js";
import { timeWidth } from "./time-text.js";

const gap = "  ";
/** How many rows decide how wide the columns are, where all of them are there. */
const maxHeldRows = 500;
/** How wide a column is at first, where rows come one by one. */
const usualWidth = 20;
const usualWidths: Readonly<Record<string, number>> = { priority: longestPriority, rule: 40, sequence: 8 };

interface Row {
  readonly cells: readonly string[];
  readonly priority: Alert["priority"];
}

/**
 * A header and a row an alert. Columns are as wide as what they hold; where rows come one by one, a column grows when
 * something wider comes.
 * @param columns Names of cells.
 * @param isLive Whether each row is printed at once.
 */
export function tablePrinter(columns: readonly string[], isLive: boolean, look: Look): Printer {
  const { timeFormat, color } = look;
  const widths = columns.map((name) => {
    const width = name === "time" ? timeWidth(timeFormat) : (usualWidths[name] ?? usualWidth);
    return Math.max(name.length, isLive ? width : 0);
  });
  let held: Row[] | undefined = isLive ? undefined : [];
  let isFirst = true;

  const line = ({ cells, priority }: Row, isColored: boolean) =>
    cells
      .map((text, index) => {
        const isLast = index === cells.length - 1;
        widths[index] = Math.max(widths[index]!, lengthOf(text));
        const padding = isLast ? "" : " ".repeat(widths[index]! - lengthOf(text));
        const shown = isColored && columns[index] === "priority" ? colored(text, priority) : text;
        return shown + padding;
      })
      .join(gap);
  const lines = (rows: readonly Row[]) => {
    for (const { cells } of rows) {
      for (const [index, text] of cells.entries()) widths[index] = Math.max(widths[index]!, lengthOf(text));
    }
    const body = rows.map((row) => line(row, color));
    if (!isFirst || rows.length === 0) return body;
    isFirst = false;
    return [
      line({ cells: columns.map((name) => printable(name.toUpperCase())), priority: 0 }, false),
      ...body,
    ];
  };
  return {
    print: (alert) => {
      const row = { cells: columns.map((name) => cell(alert, name, timeFormat)), priority: alert.priority };
      if (held === undefined) return lines([row]);
      held.push(row);
      if (held.length < maxHeldRows) return [];
      const rows = held;
      held = undefined;
      return lines(rows);
    },
    end: () => lines(held ?? []),
  };
}

/** In characters, not in UTF-16 units. */
function lengthOf(text: string): number {
  return [...text].length;
}
