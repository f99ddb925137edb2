/**
 * The texts between the stars of a filter's value. A text matches if it begins with the first, ends with the last, and
 * has the others in between, in their order. A value without a star is one text, which must be equal.
 */
export function parsePattern(value: string): readonly string[] {
  const texts: string[] = [];
  let text = "";
  for (let at = 0; at < value.length; at++) {
    if (value[at] === "*") {
      texts.push(text);
      text = "";
    } else {
      if (value.startsWith("\\*", at)) at++;
      text += value[at];
    }
  }
  texts.push(text);
  return texts;
}
