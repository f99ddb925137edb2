// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;
/** What JSON leaves as it is, and a terminal may take for a command. */
const controlsInJson = /[\u007f-\u009f\u2028\u2029]/g;
const known: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** The text of others in one line, no character of which reaches a terminal as a command. */
export function printable(text: string): string {
  return text.replace(controls, (character) => known[character] ?? escaped(character));
}

/** The same JSON, no character of which reaches a terminal as a command. */
export function printableJson(json: string): string {
  return json.replace(controlsInJson, (character) => `\\u${hex(character).padStart(4, "0")}`);
}

/** `\x1b`, or `\u2028` for what has more digits. */
function escaped(character: string): string {
  const code = hex(character);
  return code.length > 2 ? `\\u${code}` : `\\x${code.padStart(2, "0")}`;
}

function hex(character: string): string {
  return character.charCodeAt(0).toString(16);
}
