import { type AlertBatch, pieceAt } from "../../alert-batch.js";
import type { FormattedAlerts } from "../sink.js";
import { AlertScan } from "./alert-scan.js";
import { createJsonForm, type JsonOptions } from "./json-form.js";
import { createTextForm, type TextOptions } from "./text-form.js";
import { timeOf } from "./time-of.js";

/** How alerts are written, with the names and meaning of falco.yaml's keys. */
export interface FormatOptions extends JsonOptions, TextOptions {
  /** One JSON object a line instead of text (`json_output`). Default: false. */
  json?: boolean;
}

/**
 * Makes a line of an alert: of the line that Falco wrote, if there is one, or of the encoded alert, of which `scan` has
 * the fields. What it returns may be a part of either.
 */
export interface Form {
  fromLine(line: Uint8Array, alert: Uint8Array, scan: AlertScan): Uint8Array;
  fromAlert(alert: Uint8Array, scan: AlertScan): Uint8Array;
}

const newline = 0x0a;

/** Writes alerts as Falco's old outputs do. All of a server's outputs share one, which works once for each batch. */
export class Formatter {
  readonly #form: Form;
  readonly #scan = new AlertScan();
  readonly #withTimes: boolean;
  #last: AlertBatch | undefined;
  #formatted: FormattedAlerts | undefined;

  /** @param withTimes Whether an output asks when the alerts were emitted. */
  constructor(options: FormatOptions, withTimes = false) {
    this.#withTimes = withTimes;
    this.#form = options.json === true ? createJsonForm(options) : createTextForm(options);
  }

  /** The memory of what is returned is its own. */
  format(batch: AlertBatch): FormattedAlerts {
    if (batch !== this.#last || this.#formatted === undefined) this.#formatted = this.#write(batch);
    this.#last = batch;
    return this.#formatted;
  }

  #write(batch: AlertBatch): FormattedAlerts {
    const { lines } = batch;
    const scan = this.#scan;
    const priorities: number[] = [];
    const timesUs: number[] = [];
    const written: Uint8Array[] = [];
    let size = 0;
    for (let index = 0; index < batch.ends.length; index++) {
      const alert = pieceAt(batch, index);
      scan.read(alert, 0, alert.length);
      const came = lines && pieceAt(lines, index);
      const line =
        came === undefined || came.length === 0
          ? this.#form.fromAlert(alert, scan)
          : this.#form.fromLine(came, alert, scan);
      priorities.push(scan.priority);
      if (this.#withTimes) timesUs.push(timeOf(alert));
      written.push(line);
      size += line.length + 1;
    }
    const bytes = new Uint8Array(size);
    const ends: number[] = [];
    let end = 0;
    for (const line of written) {
      bytes.set(line, end);
      end += line.length;
      bytes[end++] = newline;
      ends.push(end);
    }
    return { bytes, ends, priorities, ...(this.#withTimes && { timesUs }) };
  }
}
