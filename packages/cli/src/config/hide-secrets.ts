import type { JsonSchema } from "./json-schema.js";
import { masked } from "./shown.js";

const hidden = "***";

/** What a configuration says, without secrets: of a URL its place is left, of any other nothing. */
export function hideSecrets(value: unknown, schemas: readonly JsonSchema[]): unknown {
  const alternatives = schemas.flatMap((schema) => [schema, ...(schema.anyOf ?? [])]);
  if (Array.isArray(value)) {
    const items = alternatives.flatMap(({ items }) => items ?? []);
    return value.map((item) => hideSecrets(item, items));
  }
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => {
        const below = alternatives.flatMap(({ properties }) => properties?.[key] ?? []);
        return [key, key === "url" ? placeOf(each) : hideSecrets(each, below)];
      }),
    );
  }
  if (alternatives.some(({ writeOnly }) => writeOnly === true)) return hidden;
  return typeof value === "string" ? masked(value) : value;
}

/** A URL's path may hold a token as well. */
function placeOf(url: unknown): unknown {
  if (typeof url !== "string") return url;
  const [, scheme = "", rest = ""] = /^([a-z][a-z\d+.-]*:\/\/)?(.*)$/is.exec(url)!;
  const authority = rest.replace(/[/?#].*/s, "");
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  return rest === host || rest === `${host}/` ? url : `${scheme}${host}/${hidden}`;
}
