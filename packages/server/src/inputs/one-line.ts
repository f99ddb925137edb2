const newline = 0x0a;
const carriageReturn = 0x0d;
const openBrace = 0x7b;
const space = 0x20;
const nothing = new Uint8Array(0);

/**
 * An alert as it came, `bytes` from `start` to `end`, on one line, for outputs that write it unchanged. In JSON, where any
 * line end is white space, each becomes a space, without the indentation after it. Empty for a text of several lines,
 * which outputs format themselves.
 */
export function onOneLine(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const alert = bytes.subarray(start, end);
  if (!alert.includes(newline) && !alert.includes(carriageReturn)) return alert;
  let at = 0;
  while (isBlank(alert[at])) at++;
  if (alert[at] !== openBrace) return nothing;
  const line = new Uint8Array(alert.length - at);
  let to = 0;
  while (at < alert.length) {
    const byte = alert[at++]!;
    if (byte !== newline && byte !== carriageReturn) {
      line[to++] = byte;
      continue;
    }
    while (isBlank(alert[at])) at++;
    if (at < alert.length) line[to++] = space;
  }
  return line.subarray(0, to);
}

/** White space in JSON (RFC 8259, section 2). */
function isBlank(byte: number | undefined): boolean {
  return byte === space || byte === 0x09 || byte === newline || byte === carriageReturn;
}
