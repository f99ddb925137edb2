import type { Figure } from "../measure/statistics.js";

/** A number with the digits that mean something. */
export function formatNumber(value: number): string {
  if (value === 0 || Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}

/** The median, and in parentheses how far the rounds lie apart. */
export function formatFigure({ median, min, max }: Figure): string {
  if (min === max) return formatNumber(median);
  return `${formatNumber(median)} (${formatNumber(min)} to ${formatNumber(max)})`;
}
