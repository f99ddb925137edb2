import { create } from "@bufbuild/protobuf";
import { type OutputsResponse, OutputsResponseSchema } from "@falco-outputs/core/contract";

/** What people write by hand: it loses digits above 2^53, which is not counted against it. */
interface FalcoJson {
  hostname: string;
  output: string;
  output_fields: Record<string, unknown>;
  priority: string;
  rule: string;
  source: string;
  tags?: string[];
  time: string;
}

const priorities = ["emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug"];
const sources = ["syscall", "k8s_audit", "internal"];
const plugin = 3;

/** A line of Falco's as a message, by JSON.parse and `create`. */
export function toMessage(line: string): OutputsResponse {
  const json = JSON.parse(line) as FalcoJson;
  const outputFields: Record<string, string> = {};
  for (const [name, value] of Object.entries(json.output_fields)) outputFields[name] = fieldText(value);
  const source = sources.indexOf(json.source);
  return create(OutputsResponseSchema, {
    time: {
      seconds: BigInt(Math.floor(Date.parse(json.time) / 1000)),
      nanos: Number(json.time.slice(20, -1)),
    },
    priority: priorities.indexOf(json.priority.toLowerCase()),
    sourceDeprecated: source === -1 ? plugin : source,
    rule: json.rule,
    output: json.output,
    outputFields,
    hostname: json.hostname,
    tags: json.tags ?? [],
    source: json.source,
  });
}

function fieldText(value: unknown): string {
  if (value === null) return "<NA>";
  return Array.isArray(value) ? `(${value.map(fieldText).join(",")})` : String(value);
}
