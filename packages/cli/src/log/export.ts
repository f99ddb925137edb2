import { AlertDecoder } from "@falco-outputs/core/codec";
import { filtering } from "@falco-outputs/core/options";
import type { Alert } from "@falco-outputs/node";
import { readLogAlerts } from "@falco-outputs/server";
import { clientFlags, inFlags } from "../args/flags.js";
import type { ColorMode, Format, TimeFormat } from "../print/choices.js";
import { wantsColor } from "../print/color.js";
import { createPrinter } from "../print/create-printer.js";
import { LineWriter } from "../print/line-writer.js";
import { stopSignal } from "../stop-signal.js";
import type { FilterOptions } from "../subscribe/filter-flags.js";
import { type Filters, filtersOf } from "../subscribe/filters-of.js";
import { printAlerts } from "../subscribe/print-alerts.js";

export interface ExportOptions extends FilterOptions {
  /** In nanoseconds since 1970, as `until`. */
  since?: bigint;
  until?: bigint;
  printFilters?: boolean;
  output?: Format;
  columns?: string;
  timeFormat: TimeFormat;
  color: ColorMode;
}

const decoder = new AlertDecoder({
  latin1: (bytes, start, end) => bufferOf(bytes).toString("latin1", start, end),
  utf8: (bytes, start, end) => bufferOf(bytes).toString("utf8", start, end),
});

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/**
 * Prints the alerts of a log on a disk that pass the filters.
 * @throws UsageError for options that cannot work; LogDirectoryError; at the end Error for alerts that cannot be read.
 */
export async function exportLog(directory: string, options: ExportOptions): Promise<void> {
  const { since, until, output, columns, timeFormat, color } = options;
  const filters = filtersOf(options);
  if (options.printFilters) {
    await (await import("../subscribe/print-filters.js")).printFilters({ ...filters, since, until });
    return;
  }
  const passes = passing(filters, since, until);
  const writer = new LineWriter(process.stdout);
  const signal = AbortSignal.any([stopSignal(), writer.closed]);
  const printer = createPrinter({
    format: output ?? (columns === undefined ? "json" : "table"),
    columns,
    timeFormat,
    color: wantsColor(color, process.stdout),
    isLive: false,
  });
  let unreadable = 0;
  async function* alerts(): AsyncGenerator<Alert> {
    for await (const encoded of readLogAlerts(directory, (some) => (unreadable += some.alerts))) {
      if (signal.aborted) return;
      const alert = decoder.decode(encoded, 0, encoded.length);
      if (passes(alert, BigInt(Date.now()) * 1_000_000n)) yield alert;
    }
  }
  await printAlerts(alerts(), { printer, writer, count: Number.POSITIVE_INFINITY });
  if (unreadable > 0) {
    throw new Error(`${directory}: ${alertsText(unreadable)} cannot be read (log verify says where)`);
  }
}

function passing(filters: Filters, since: bigint | undefined, until: bigint | undefined) {
  try {
    return filtering({
      ...filters,
      ...(since !== undefined && { since }),
      ...(until !== undefined && { until }),
    }).passes;
  } catch (error) {
    throw inFlags(error, clientFlags);
  }
}

function alertsText(count: number): string {
  return count === 1 ? "1 alert" : `${count} alerts`;
}
