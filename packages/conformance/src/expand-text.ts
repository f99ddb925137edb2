/**
 * Texts that are too long to be written down: `{ repeat: TEXT, times: N }` becomes that text, `{ join: [TEXT, ...] }`
 * its parts end to end, wherever they stand.
 */
export function expandText(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(expandText);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  if ("repeat" in value && "times" in value && entries.length === 2) {
    return String(value.repeat).repeat(Number(value.times));
  }
  if ("join" in value && entries.length === 1) return (expandText(value.join) as string[]).join("");
  return Object.fromEntries(entries.map(([name, member]) => [name, expandText(member)]));
}
