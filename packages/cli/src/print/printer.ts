import type { Alert } from "@falco-outputs/node";
import type { TimeFormat } from "./choices.js";

/** Makes text of alerts: whole lines, the last one without a line end. */
export interface Printer {
  /** What is to be written now. */
  print(alert: Alert): readonly string[];
  /** What is to be written at the end. */
  end(): readonly string[];
}

export interface Look {
  readonly timeFormat: TimeFormat;
  readonly color: boolean;
}
