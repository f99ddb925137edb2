// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;
const known: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Text of others in one line, no character of which reaches a terminal as a command. */
export function printable(text: string): string {
  return text.replace(controls, (character) => known[character] ?? `\\x${hex(character, 2)}`);
}

/** A character's code in hexadecimal. */
export function hex(character: string, digits: number): string {
  return character.charCodeAt(0).toString(16).padStart(digits, "0");
}
