import { parsePattern } from "../pattern.js";

type Matches = (text: string) => boolean;
/** Where something is first found from `from` on; -1 if it is not. */
type Find = (text: string, from: number) => number;

/** Whether a text matches one of these values, in which a `*` is any run of characters: in time linear in its length. */
export function textMatcher(values: readonly string[]): Matches {
  const exact = new Set<string>();
  const patterns: Matches[] = [];
  for (const value of values) {
    const texts = parsePattern(value);
    if (texts.length === 1) exact.add(texts[0]!);
    else patterns.push(patternMatcher(texts));
  }
  return (text) => exact.has(text) || patterns.some((matches) => matches(text));
}

/** @param texts What stands before, between and after the stars. */
function patternMatcher(texts: readonly string[]): Matches {
  const first = texts[0]!;
  const last = texts.at(-1)!;
  const between = texts.slice(1, -1).map((part) => ({ length: part.length, find: finderOf(part) }));
  return (text) => {
    const end = text.length - last.length;
    let at = first.length;
    if (end < at || !text.startsWith(first) || !text.endsWith(last)) return false;
    for (const { length, find } of between) {
      const found = find(text, at);
      if (found < 0 || found + length > end) return false;
      at = found + length;
    }
    return true;
  };
}

/** For longer ones `indexOf` can take the product of both lengths. */
const maxIndexOfLength = 16;

function finderOf(part: string): Find {
  return part.length <= maxIndexOfLength ? (text, from) => text.indexOf(part, from) : linearFinder(part);
}

/** Knuth, Morris and Pratt's search: after a mismatch it goes on with what still matches, and never goes back. */
function linearFinder(part: string): Find {
  const borders = bordersOf(part);
  return (text, from) => {
    let matched = 0;
    for (let at = from; at < text.length; at++) {
      const code = text.charCodeAt(at);
      while (matched > 0 && part.charCodeAt(matched) !== code) matched = borders[matched - 1]!;
      if (part.charCodeAt(matched) === code) matched++;
      if (matched === part.length) return at + 1 - matched;
    }
    return -1;
  };
}

/** For the beginning of `part` that ends at each place: how long its longest end is that is also its beginning. */
function bordersOf(part: string): Uint32Array {
  const borders = new Uint32Array(part.length);
  let border = 0;
  for (let at = 1; at < part.length; at++) {
    const code = part.charCodeAt(at);
    while (border > 0 && part.charCodeAt(border) !== code) border = borders[border - 1]!;
    if (part.charCodeAt(border) === code) border++;
    borders[at] = border;
  }
  return borders;
}
