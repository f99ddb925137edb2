const words: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  y: true,
  false: false,
  no: false,
  off: false,
  n: false,
};

/**
 * The boolean that a text is for yaml-cpp, and so for Falco: YAML 1.1's words, in lower case, in upper case or
 * capitalized. Anything else stays unchanged.
 */
export function booleanOf(value: unknown): unknown {
  if (typeof value !== "string" || !/^(?:[A-Z]?[a-z]*|[A-Z]*)$/.test(value)) return value;
  return words[value.toLowerCase()] ?? value;
}
