import type { ExpectedAlert } from "./case.js";

/** The line of an alert that only its number tells from others. */
export function numberedLine(number: number): string {
  return JSON.stringify({
    rule: `Rule ${number}`,
    priority: "Notice",
    source: "syscall",
    output_fields: { number },
    time: "2026-01-31T23:59:59.000000001Z",
  });
}

/** The same alert as a subscriber sees it. */
export function numberedAlert(number: number): ExpectedAlert {
  return {
    time: "2026-01-31T23:59:59.000000001Z",
    priority: 5,
    rule: `Rule ${number}`,
    source: "syscall",
    output_fields: { number: String(number) },
  };
}

export function range([from, to]: [number, number]): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
