import { printable } from "@falco-outputs/core/printable";

/** How much of an answer's body is looked at, in bytes. */
export const maxReasonBytes = 1024;
const maxReasonCharacters = 200;
const minTokenCharacters = 16;
const minValueCharacters = 5;

/**
 * The reason that a receiver gives for a refusal: the first line of its answer's body, for a log. It may quote the
 * request's address: what is secret of that is left out.
 * @param contentType The answer's.
 */
export function reasonGiven(body: Uint8Array, contentType: string | undefined, url: URL): string | undefined {
  // The first line of a page says nothing.
  if (/html/i.test(contentType ?? "")) return undefined;
  const [line] = Buffer.from(body)
    .toString()
    .trimStart()
    .split(/[\r\n]/, 1);
  const hidden = secretsOf(url).reduce((text, secret) => text.replaceAll(secret, "***"), line!.trim());
  const characters = [...printable(hidden)];
  if (characters.length === 0) return undefined;
  if (characters.length <= maxReasonCharacters) return characters.join("");
  return `${characters.slice(0, maxReasonCharacters).join("")}…`;
}

/** What of a URL no log may show, as it is and decoded, the longest first. */
function secretsOf({ username, password, pathname, search, searchParams }: URL): string[] {
  // Shorter ones are words, as in /api/v2?format=json.
  const tokens = pathname.split("/").filter((segment) => segment.length >= minTokenCharacters);
  const values = [...searchParams.values()].filter((value) => value.length >= minValueCharacters);
  const parts = [username, password, search, pathname, ...tokens, ...values];
  const secrets = parts.flatMap((part) => [part, decoded(part)]).filter((part) => part.length > 1);
  return [...new Set(secrets)].sort((a, b) => b.length - a.length);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // A "%" that does not begin an escape: it is quoted as it is.
    return part;
  }
}
