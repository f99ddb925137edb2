import { type Alert, priorityName } from "@falco-outputs/core";
import { JsonReader, textPrefix } from "@falco-outputs/core/codec";
import type { AlertScan } from "./alert-scan.js";
import { decode } from "./decode.js";
import type { Form } from "./form.js";
import { isOneLine, oneLine } from "./one-line.js";
import { formatTimePrefix, withTimeFormat } from "./time-prefix.js";

export interface TextOptions {
  /**
   * The time before the text, also in the `output` of JSON (`time_format_iso_8601`): true, as ISO 8601; false, of the
   * local clock. Default: as Falco wrote it, else of the local clock.
   */
  timeFormatIso8601?: boolean;
}

const openingBrace = 0x7b;
const zero = 0x30;
/** Longer than any time and priority before an output, in bytes. */
const prefixBytes = 64;

/** The alerts as text, `09:14:07.123456789: Notice A shell was spawned (user=root)`. */
export function createTextForm({ timeFormatIso8601 }: TextOptions): Form {
  const timed = (output: string, time: string | undefined) =>
    timeFormatIso8601 === undefined ? output : withTimeFormat(output, time, timeFormatIso8601);

  const write = (bytes: Uint8Array, line: Uint8Array | undefined) => {
    const alert = decode(bytes);
    const { time, output } = alert.toJSON();
    if (textPrefix.test(output)) return Buffer.from(oneLine(timed(output, time)));
    const prefix = time === undefined ? "" : `${formatTimePrefix(time, timeFormatIso8601 === true)}: `;
    // A line without a text would say nothing: Falco can be told to leave `output` out.
    const text = output === "" ? alert.rule : output;
    return Buffer.from(oneLine(`${prefix}${priorityName(alert)} ${text}${internalFields(alert, line)}`));
  };
  const fromAlert = (alert: Uint8Array, scan: AlertScan) =>
    (timeFormatIso8601 === undefined && readyOutput(alert, scan)) || write(alert, undefined);
  return {
    fromAlert,
    fromLine(line, alert, scan) {
      if (line[0] === openingBrace) {
        return (timeFormatIso8601 === undefined && readyOutput(alert, scan)) || write(alert, line);
      }
      // What was before the time, space or a byte order mark, is not part of it.
      if (!isDigit(line[0]!)) return fromAlert(alert, scan);
      if (timeFormatIso8601 === undefined) return line;
      return Buffer.from(timed(Buffer.from(line).toString(), decode(alert).toJSON().time));
    },
  };
}

/** The `output` of an alert, where that is written, byte for byte; a part of the same memory. */
function readyOutput(alert: Uint8Array, { outputStart, outputEnd }: AlertScan): Uint8Array | undefined {
  if (outputStart === outputEnd || !isDigit(alert[outputStart]!)) return undefined;
  const { buffer, byteOffset } = alert;
  const length = Math.min(outputEnd - outputStart, prefixBytes);
  if (!textPrefix.test(Buffer.from(buffer, byteOffset + outputStart, length).toString("latin1")))
    return undefined;
  return isOneLine(alert, outputStart, outputEnd) ? alert.subarray(outputStart, outputEnd) : undefined;
}

function isDigit(byte: number): boolean {
  return byte >= zero && byte <= 0x39;
}

/**
 * Falco's own alerts have their fields after the text, ` (n_drops="42" ...)`, as `falco_outputs::handle_msg` writes
 * them; those of rules have them in it.
 */
function internalFields(alert: Alert, line: Uint8Array | undefined): string {
  if (alert.source !== "internal") return "";
  const fields =
    line === undefined
      ? Object.entries(alert.outputFields).map(([name, value]) => [name, JSON.stringify(value)] as const)
      : rawFields(Buffer.from(line).toString());
  return ` (${fields.map(([name, value]) => `${name}=${value}`).join(" ")})`;
}

/** The names and values of `output_fields`, as Falco wrote these. */
function rawFields(json: string): [string, string][] {
  let fields: [string, string][] = [];
  const reader = new JsonReader(json);
  reader.object((member) => {
    if (member !== "output_fields") {
      reader.skip();
      return;
    }
    // Of duplicates the last one counts.
    fields = [];
    if (!reader.null()) reader.object((name) => fields.push([name, reader.raw()]));
  });
  return fields;
}
