import type { Alert } from "@falco-outputs/node";
import type { LineWriter } from "../print/line-writer.js";
import type { Printer } from "../print/printer.js";
import type { Alerts } from "./alerts.js";

export interface PrintOptions {
  readonly printer: Printer;
  readonly writer: LineWriter;
  /** After how many alerts to end. */
  readonly count: number;
  /** Before an alert is printed. */
  readonly onAlert?: (alert: Alert) => void;
  readonly acknowledges?: boolean;
}

/** Prints alerts until they end, or nobody reads any more. */
export async function printAlerts(
  alerts: Alerts,
  { printer, writer, count, onAlert, acknowledges = false }: PrintOptions,
): Promise<void> {
  const write = async (texts: readonly string[]) => {
    for (const text of texts) if (!(await writer.write(text))) return false;
    return true;
  };
  let printed = 0;
  try {
    for await (const alert of alerts) {
      onAlert?.(alert);
      // What could not be written stays unacknowledged, and goes to another subscriber.
      if (!(await write(printer.print(alert)))) break;
      if (acknowledges) alerts.acknowledge?.(alert);
      if (++printed >= count) break;
    }
  } finally {
    // Also what came before a failure.
    await write(printer.end());
  }
}
