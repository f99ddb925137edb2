import { toJson } from "@bufbuild/protobuf";
import { OutputsResponseSchema } from "@falco-outputs/core/contract";
import { printableJson } from "@falco-outputs/core/printable";
import { type Alert, alertToJson } from "@falco-outputs/node";
import { UsageError } from "../args/usage-error.js";
import type { Format } from "./choices.js";
import { compact } from "./compact.js";
import { dictPrinter } from "./dict.js";
import type { Look, Printer } from "./printer.js";
import { tablePrinter } from "./table.js";

export interface PrinterOptions extends Look {
  /** Default: "compact", or "table" with columns. */
  readonly format: Format | undefined;
  /** Names, separated by commas. */
  readonly columns: string | undefined;
  /** Whether alerts come one by one, and are to be seen at once. */
  readonly isLive: boolean;
}

const defaultColumns = "time,priority,rule,output";

/** @throws UsageError for columns that cannot be. */
export function createPrinter({ format, columns, isLive, ...look }: PrinterOptions): Printer {
  const chosen = format ?? (columns === undefined ? "compact" : "table");
  if (columns !== undefined && chosen !== "table") {
    throw new UsageError(`--columns goes with -o table, not with -o ${chosen}`);
  }
  switch (chosen) {
    case "compact":
      return byLine((alert) => compact(alert, look));
    case "json":
      return byLine((alert) => printableJson(alertToJson(alert)));
    case "jsonpb":
      return byLine((alert) =>
        printableJson(JSON.stringify(toJson(OutputsResponseSchema, { ...alert, scanned: 0n }))),
      );
    case "dict":
      return dictPrinter(look);
    case "table":
      return tablePrinter(columnNames(columns ?? defaultColumns), isLive, look);
  }
}

function byLine(line: (alert: Alert) => string): Printer {
  return { print: (alert) => [line(alert)], end: () => [] };
}

function columnNames(text: string): string[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.includes("")) {
    throw new UsageError(`--columns: ${JSON.stringify(text)}, expected names, separated by commas`);
  }
  return names;
}
