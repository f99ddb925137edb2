/** Line separators, and what changes the direction of text, so that it reads as something else (Unicode, UAX 9). */
const invisible = "\\u061c\\u200e\\u200f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069";
const controls = new RegExp(`[\\u0000-\\u001f\\u007f-\\u009f${invisible}]`, "g");
/** What JSON leaves as it is, and a terminal may take for a command. */
const controlsInJson = new RegExp(`[\\u007f-\\u009f${invisible}]`, "g");
const known: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** The text of others in one line, which can neither command a terminal nor read as other text than it is. */
export function printable(text: string): string {
  return text.replace(controls, (character) => known[character] ?? escaped(character));
}

/** The same JSON, of which the same is true. */
export function printableJson(json: string): string {
  return json.replace(controlsInJson, (character) => `\\u${hex(character).padStart(4, "0")}`);
}

/** `\x1b`, or `\u2028` for what has more digits. */
function escaped(character: string): string {
  const code = hex(character);
  return code.length > 2 ? `\\u${code.padStart(4, "0")}` : `\\x${code.padStart(2, "0")}`;
}

function hex(character: string): string {
  return character.charCodeAt(0).toString(16);
}
