import { Code, FalcoError } from "../error.js";
import { type Priority, parsePriority, priorityNames } from "../priority.js";
import { type Instant, parseTime } from "../time.js";
import type { AlertContent } from "./content.js";
import { JsonMismatch, JsonReader } from "./json-reader.js";

/**
 * Reads one alert as Falco writes it with `json_output: true`. `rule` and `priority` must be there. Members that an
 * alert does not have are ignored; of duplicates the last one counts. `output` is `message` where Falco was told to
 * leave `output` out.
 * @throws FalcoError with InvalidArgument that says what is wrong, and where. It quotes nothing, since it is logged, and
 * no alert's content may be.
 */
export function readJson(text: string): AlertContent {
  const content = tryReadJson(text);
  if (typeof content === "string") throw new FalcoError(content, Code.InvalidArgument);
  return content;
}

/** The same, but returns what is wrong. */
export function tryReadJson(text: string): AlertContent | string {
  const reader = new JsonReader(text);
  try {
    const content = readAlert(reader);
    reader.end();
    return content;
  } catch (reason) {
    if (reason instanceof JsonMismatch) return `not an alert: JSON: ${reason.message}`;
    if (reason instanceof WrongMember) return `not an alert: ${reason.message}`;
    throw reason;
  }
}

/** Thrown where a member of an alert is missing or wrong; not an Error for the same reason as `JsonMismatch`. */
class WrongMember {
  constructor(readonly message: string) {}
}

function readAlert(reader: JsonReader): AlertContent {
  let time: Instant | undefined;
  let priority: Priority | undefined;
  let rule: string | undefined;
  let output: string | undefined;
  let message: string | undefined;
  let outputFields = new Map<string, string>();
  let hostname = "";
  let tags: string[] = [];
  let source = "";

  reader.object((key) => {
    switch (key) {
      case "time":
        time = reader.null() ? undefined : readTime(reader.string());
        break;
      case "priority":
        priority = readPriority(reader.string());
        break;
      case "rule":
        rule = reader.string();
        break;
      case "output":
        output = reader.null() ? undefined : reader.string();
        break;
      case "message":
        message = reader.null() ? undefined : reader.string();
        break;
      case "output_fields":
        outputFields = new Map();
        if (!reader.null()) reader.object((name) => outputFields.set(name, reader.fieldText()));
        break;
      case "hostname":
        hostname = reader.null() ? "" : reader.string();
        break;
      case "tags":
        tags = [];
        if (!reader.null()) reader.array(() => tags.push(reader.string()));
        break;
      case "source":
        source = reader.null() ? "" : reader.string();
        break;
      default:
        reader.skip();
    }
  });
  if (rule === undefined) throw new WrongMember('"rule" is missing');
  if (priority === undefined) throw new WrongMember('"priority" is missing');
  return { time, priority, rule, output: output ?? message ?? "", outputFields, hostname, tags, source };
}

function readTime(text: string): Instant {
  const time = parseTime(text);
  if (time === undefined) {
    throw new WrongMember('"time" is not in RFC 3339, e.g. "2026-01-31T23:59:59.123456789Z"');
  }
  return time;
}

function readPriority(name: string): Priority {
  const priority = parsePriority(name);
  if (priority === undefined) {
    throw new WrongMember(`"priority" is not one of ${priorityNames.join(", ")}`);
  }
  return priority;
}
