// What groff_man(7) is written in.

/** Text in which nothing is a command of roff's. */
export function escaped(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("'", "\\(aq")
    .replace(/^\./gm, "\\&.");
}

export function bold(text: string): string {
  return `\\fB${escaped(text)}\\fR`;
}

export function italic(text: string): string {
  return `\\fI${escaped(text)}\\fR`;
}

export function heading(text: string): string {
  return `.SH ${text}`;
}

export function subheading(text: string): string {
  return `.SS ${text}`;
}

/** A term, and below it what it means. */
export function item(term: string, text: string): string {
  return `.TP\n${term}\n${escaped(text)}`;
}

/** Paragraphs, apart by empty lines; indented lines stay as they are. */
export function paragraphs(text: string): string {
  return text
    .split(/\n{2,}/)
    .map((paragraph) => `.PP\n${paragraphLines(paragraph)}`)
    .join("\n");
}

function paragraphLines(paragraph: string): string {
  const lines: string[] = [];
  let isAsItIs = false;
  for (const line of paragraph.split("\n")) {
    if (line.startsWith("  ") !== isAsItIs) {
      isAsItIs = !isAsItIs;
      lines.push(isAsItIs ? ".nf\n.RS" : ".RE\n.fi");
    }
    lines.push(escaped(isAsItIs ? line.slice(2) : line));
  }
  if (isAsItIs) lines.push(".RE\n.fi");
  return lines.join("\n");
}
