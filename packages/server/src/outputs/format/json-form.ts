import { JsonReader, textPrefix } from "@falco-outputs/core/codec";
import { decode } from "./decode.js";
import type { Form } from "./form.js";
import type { TextOptions } from "./text-form.js";
import { withTimeFormat } from "./time-prefix.js";

/** What Falco's JSON holds. Where nothing is said, an alert's line is written as Falco wrote it, byte for byte. */
export interface JsonOptions {
  /** `json_include_output_property: false` leaves `output` out. */
  includeOutput?: boolean;
  /** `json_include_tags_property: false` leaves `tags` out. */
  includeTags?: boolean;
  /** `json_include_output_fields_property: false` leaves `output_fields` out. */
  includeOutputFields?: boolean;
  /**
   * `json_include_message_property: true` adds `message`, the output without time and priority, where Falco did not
   * write it; never to Falco's internal alerts, as there. False leaves it out.
   */
  includeMessage?: boolean;
}

const openingBrace = 0x7b;

/** The alerts as JSON. Its members keep their order, and their values every digit. */
export function createJsonForm(options: JsonOptions & TextOptions): Form {
  const edit = createEdit(options);
  const fromAlert = (alert: Uint8Array) => {
    const json = decode(alert).toJSON();
    // Sequence numbers are our log's; Falco's outputs do not have them.
    delete json.sequence;
    return Buffer.from(edit.apply(JSON.stringify(json)));
  };
  return {
    fromAlert,
    fromLine(line, alert) {
      if (line[0] !== openingBrace) return fromAlert(alert);
      return edit.isNeeded(line) ? Buffer.from(edit.apply(Buffer.from(line).toString())) : line;
    },
  };
}

interface Edit {
  isNeeded(line: Uint8Array): boolean;
  apply(json: string): string;
}

function createEdit(options: JsonOptions & TextOptions): Edit {
  const { includeOutput, includeTags, includeOutputFields, includeMessage, timeFormatIso8601 } = options;
  const left = new Set([
    ...(includeOutput === false ? ["output"] : []),
    ...(includeTags === false ? ["tags"] : []),
    ...(includeOutputFields === false ? ["output_fields"] : []),
    ...(includeMessage === false ? ["message"] : []),
  ]);
  const always = includeMessage === true || timeFormatIso8601 !== undefined;
  const quoted = [...left].map((name) => Buffer.from(`"${name}"`));
  return {
    // A value may hold the name as well: then the edit changes nothing.
    isNeeded(line) {
      if (always || quoted.length === 0) return always;
      const bytes = Buffer.from(line.buffer, line.byteOffset, line.length);
      return quoted.some((name) => bytes.includes(name));
    },
    apply(json) {
      if (!always && left.size === 0) return json;
      const members = new Map<string, string>();
      let output: string | undefined;
      let time: string | undefined;
      let source: string | undefined;
      const reader = new JsonReader(json);
      reader.object((name) => {
        const value = reader.raw();
        members.set(name, value);
        if (value.startsWith('"')) {
          if (name === "output") output = JSON.parse(value) as string;
          else if (name === "time") time = JSON.parse(value) as string;
          else if (name === "source") source = JSON.parse(value) as string;
        }
      });
      if (output !== undefined) {
        if (timeFormatIso8601 !== undefined) {
          members.set("output", JSON.stringify(withTimeFormat(output, time, timeFormatIso8601)));
        }
        if (includeMessage === true && source !== "internal" && !members.has("message")) {
          members.set("message", JSON.stringify(output.replace(textPrefix, "")));
        }
      }
      for (const name of left) members.delete(name);
      return `{${[...members].map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",")}}`;
    },
  };
}
