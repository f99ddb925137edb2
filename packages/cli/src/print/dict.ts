import { printable } from "@falco-outputs/core/printable";
import type { Alert } from "@falco-outputs/node";
import { cell } from "./cells.js";
import { colored } from "./color.js";
import type { Look, Printer } from "./printer.js";

const separator = "------------";
const names = ["time", "priority", "rule", "output", "source", "hostname", "tags", "sequence"];

/** A block of `KEY: value` an alert, the output fields by their own names; a line between two blocks. */
export function dictPrinter({ timeFormat, color }: Look): Printer {
  let isFirst = true;
  return {
    print: (alert) => {
      const entries = entriesOf(alert, (name) => cell(alert, name, timeFormat));
      const width = Math.max(...entries.map(([key]) => key.length));
      const lines = entries.map(([key, value]) => {
        const text = color && key === "PRIORITY" ? colored(value, alert.priority) : value;
        return `${key.padStart(width)}: ${text}`;
      });
      const block = isFirst ? lines : [separator, ...lines];
      isFirst = false;
      return [block.join("\n")];
    },
    end: () => [],
  };
}

function entriesOf(alert: Alert, textOf: (name: string) => string): [key: string, value: string][] {
  return [
    ...names.map((name): [string, string] => [name.toUpperCase(), textOf(name)]),
    ...Object.entries(alert.outputFields).map(([name, value]): [string, string] => [
      printable(name),
      printable(value),
    ]),
  ];
}
