import { type Alert, priorityName } from "@falco-outputs/core";
import { JsonReader, textPrefix } from "@falco-outputs/core/codec";
import { decode } from "./decode.js";
import type { Form } from "./formatter.js";
import { formatTimePrefix, withTimeFormat } from "./time-prefix.js";

export interface TextOptions {
  /**
   * The time before the text (`time_format_iso_8601`): true, as ISO 8601; false, of the local clock. Default: as Falco
   * wrote it, else of the local clock.
   */
  timeFormatIso8601?: boolean;
}

const openingBrace = 0x7b;

/** The alerts as text, `09:14:07.123456789: Notice A shell was spawned (user=root)`. */
export function createTextForm({ timeFormatIso8601 }: TextOptions): Form {
  const timed = (output: string, time: string | undefined) =>
    timeFormatIso8601 === undefined ? output : withTimeFormat(output, time, timeFormatIso8601);

  const write = (bytes: Uint8Array, line: Uint8Array | undefined) => {
    const alert = decode(bytes);
    const { time, output } = alert.toJSON();
    if (textPrefix.test(output)) return Buffer.from(timed(output, time));
    const prefix = time === undefined ? "" : `${formatTimePrefix(time, timeFormatIso8601 === true)}: `;
    return Buffer.from(`${prefix}${priorityName(alert)} ${output}${internalFields(alert, line)}`);
  };
  return {
    fromAlert: (alert) => write(alert, undefined),
    fromLine(line, alert) {
      if (line[0] === openingBrace) return write(alert, line);
      if (timeFormatIso8601 === undefined) return line;
      return Buffer.from(timed(Buffer.from(line).toString(), decode(alert).toJSON().time));
    },
  };
}

/** Falco's own alerts carry their fields behind the text, ` (n_drops="42" ...)`; those of rules have them in it. */
function internalFields(alert: Alert, line: Uint8Array | undefined): string {
  if (alert.source !== "internal") return "";
  const fields =
    line === undefined
      ? Object.entries(alert.outputFields).map(([name, value]) => [name, JSON.stringify(value)] as const)
      : rawFields(Buffer.from(line).toString());
  return ` (${fields.map(([name, value]) => `${name}=${value}`).join(" ")})`;
}

function rawFields(json: string): [string, string][] {
  const fields: [string, string][] = [];
  const reader = new JsonReader(json);
  reader.object((member) => {
    if (member !== "output_fields" || reader.null()) reader.skip();
    else reader.object((name) => fields.push([name, reader.raw()]));
  });
  return fields;
}
