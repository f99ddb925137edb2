/** How much of a value is shown, in characters. */
const maxLength = 100;

/**
 * A value of the configuration for an error, without what may be secret.
 * @param path The key that has it.
 */
export function shown(value: unknown, path: readonly PropertyKey[]): string {
  if (/^token/i.test(String(path.findLast((part) => typeof part === "string")))) {
    return "a value that is not shown";
  }
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "a block";
  if (typeof value !== "string") return String(value);
  const quoted = JSON.stringify(masked(value));
  return quoted.length <= maxLength ? quoted : `${quoted.slice(0, maxLength - 2)}…"`;
}

/** A text without the users, passwords and queries of the URLs in it. */
export function masked(text: string): string {
  return text.replace(/\/\/(\S+)/g, (_, rest: string) => {
    const at = rest.lastIndexOf("@");
    const query = rest.search(/[?#]/);
    if (query === -1) return `//${at === -1 ? rest : `***${rest.slice(at)}`}`;
    // An @ after the ? may end a password, or be part of the query.
    if (at > query) return "//***";
    return `//${at === -1 ? rest.slice(0, query) : `***${rest.slice(at, query)}`}${rest[query]}***`;
  });
}
