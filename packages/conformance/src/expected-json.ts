import type { NeutralAlert } from "./protocol.js";

const priorities = ["Emergency", "Alert", "Critical", "Error", "Warning", "Notice", "Informational", "Debug"];

/** Names of `source_deprecated`, where an old Falco sent no other. Its 0 cannot be told from nothing. */
const deprecatedSources = ["", "k8s_audit", "internal", "plugin"];

/**
 * Falco's JSON of an alert, plus `sequence`: what is empty is left out, except `output`, `output_fields` and, beside
 * any source but Falco's own, `tags`. A priority without a name is its number, as text.
 */
export function falcoJson(alert: NeutralAlert): Record<string, unknown> {
  const { hostname, output, output_fields, priority, rule, sequence, tags, time } = alert;
  const source = alert.source || (deprecatedSources[alert.source_deprecated] ?? "");
  return {
    ...(hostname !== "" && { hostname }),
    output,
    output_fields,
    priority: priorities[priority] ?? String(priority),
    rule,
    // Microseconds since 1970, which a JSON number holds exactly.
    ...(sequence !== undefined && { sequence: Number(sequence) }),
    ...(source !== "" && { source }),
    ...(source !== "internal" && { tags }),
    ...(time !== undefined && { time }),
  };
}
