import type { AlertScan } from "./alert-scan.js";

/**
 * Makes a line of an alert: of the line that Falco wrote, if there is one, or of the encoded alert, of which `scan` has
 * the fields. What it returns may be a part of either.
 */
export interface Form {
  fromLine(line: Uint8Array, alert: Uint8Array, scan: AlertScan): Uint8Array;
  fromAlert(alert: Uint8Array, scan: AlertScan): Uint8Array;
}
