import { distance } from "fastest-levenshtein";
import { z } from "zod";
import { ignoredKeys } from "./ignored-keys.js";
import { configSchema } from "./schema.js";
import { masked, shown } from "./shown.js";

/** What is wrong with a configuration. */
export interface Problem {
  path: readonly PropertyKey[];
  /** Names the key, the value that it has and what would be right. */
  message: string;
}

type Issue = z.core.$ZodIssue;

/** What the schema found, as text. */
export function problemsOf(issues: readonly Issue[], config: unknown): Problem[] {
  return issues.flatMap((issue) => problems(issue, config));
}

function problems(issue: Issue, config: unknown): Problem[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      return { path, message: `${masked(keyOf(path))}: no such key${suggestion(key, issue.path)}` };
    });
  }
  if (issue.code === "invalid_union") {
    // The alternative that matched furthest says more than "neither".
    const deepest = issue.errors
      .flat()
      .filter(({ path }) => path.length > 0)
      .map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }) as Issue);
    if (deepest.length > 0) return problemsOf(deepest, config);
  }
  const value = valueAt(config, issue.path);
  const message =
    value === undefined
      ? `${keyOf(issue.path)}: is missing, expected ${issue.message}`
      : `${keyOf(issue.path)}: ${shown(value, issue.path)}, expected ${issue.message}`;
  return [{ path: issue.path, message }];
}

/** All keys of a block with so few are shown. */
const fewKeys = 5;
/** How many keys are suggested at most. */
const maxSuggestions = 3;

function suggestion(key: string, path: readonly PropertyKey[]): string {
  const known = keysAt(path);
  const near = nearest(key, [...known, ...(path.length === 0 ? ignoredKeys : [])]);
  if (near.length > 0) return `, did you mean ${near.join(" or ")}?`;
  return known.length <= fewKeys ? `, expected ${known.join(" or ")}` : "";
}

/** Those that differ in the fewest letters, if that is a third of them at most; in a short key, half of them. */
function nearest(key: string, known: readonly string[]): string[] {
  const distances = known.map((name) => distance(key, name));
  const least = Math.min(...distances);
  if (least > Math.max(Math.min(2, key.length / 2), key.length / 3)) return [];
  return known.filter((_, index) => distances[index] === least).slice(0, maxSuggestions);
}

/** The keys that a block may have. */
function keysAt(path: readonly PropertyKey[]): string[] {
  let shape: unknown = z.toJSONSchema(configSchema);
  for (const part of path) {
    const schema = alternatives(shape).find((one) =>
      typeof part === "number" ? "items" in one : "properties" in one,
    );
    shape = typeof part === "number" ? schema?.items : schema?.properties?.[String(part)];
  }
  const found = alternatives(shape).find((one) => one.properties);
  return Object.keys(found?.properties ?? {});
}

interface JsonSchema {
  properties?: Record<string, unknown>;
  items?: unknown;
  anyOf?: JsonSchema[];
}

function alternatives(schema: unknown): JsonSchema[] {
  const { anyOf } = (schema ?? {}) as JsonSchema;
  return anyOf ?? [(schema ?? {}) as JsonSchema];
}

/** As people write it: `inputs.file[0].filename`. */
export function keyOf(path: readonly PropertyKey[]): string {
  if (path.length === 0) return "the file";
  return path
    .map((part, index) => (typeof part === "number" ? `[${part}]` : `${index > 0 ? "." : ""}${String(part)}`))
    .join("");
}

function valueAt(config: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, part) => (value as Record<PropertyKey, unknown> | null | undefined)?.[part],
    config,
  );
}
