import { printable } from "@falco-outputs/core/printable";

/** Rows in columns: texts to the left, numbers to the right. Safe to print. */
export function aligned(
  header: readonly string[],
  rows: readonly (readonly (string | bigint | number)[])[],
): string[] {
  const texts = [header, ...rows.map((row) => row.map((value) => printable(String(value))))];
  const widths = header.map((_, column) => Math.max(...texts.map((row) => row[column]!.length)));
  const isNumber = header.map((_, column) => rows.length > 0 && typeof rows[0]![column] !== "string");
  return texts.map((row) =>
    row
      .map((text, column) =>
        isNumber[column] ? text.padStart(widths[column]!) : text.padEnd(widths[column]!),
      )
      .join("  ")
      .trimEnd(),
  );
}
