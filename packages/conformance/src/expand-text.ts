/**
 * Values that are too long to be written down: `{ repeat: TEXT, times: N }` becomes that text, `{ join: [TEXT, ...] }`
 * its parts end to end, and `{ list: VALUE, times: N }` a list of N such values, wherever they stand.
 */
export function expandText(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(expandText);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  if ("repeat" in value && "times" in value && entries.length === 2) {
    return String(value.repeat).repeat(Number(value.times));
  }
  if ("list" in value && "times" in value && entries.length === 2) {
    return Array.from({ length: Number(value.times) }, () => expandText(value.list));
  }
  if ("join" in value && entries.length === 1) return (expandText(value.join) as string[]).join("");
  return Object.fromEntries(entries.map(([name, member]) => [name, expandText(member)]));
}
