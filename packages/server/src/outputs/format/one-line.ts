// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controls = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g;
const known: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r" };

/**
 * Text in one line, no character of which reaches a terminal as a command: control characters but the tab are written
 * as escapes. (Falco writes them as they are, so that a file name with a line feed in it forges an alert.)
 */
export function oneLine(text: string): string {
  return text.replace(
    controls,
    (character) => known[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}

/** Whether `oneLine` would change nothing in the UTF-8 that is `bytes` from `start` to `end`. */
export function isOneLine(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte < 0x20 ? byte !== 0x09 : byte === 0x7f) return false;
    // U+0080 to U+009F.
    if (byte === 0xc2 && bytes[at + 1]! < 0xa0) return false;
  }
  return true;
}
