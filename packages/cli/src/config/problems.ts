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

/** In words what the schema found. */
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
    // The way that came furthest says more than "neither".
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

/** How many keys are named where none is near. */
const namedKeys = 5;

function suggestion(key: string, path: readonly PropertyKey[]): string {
  const [nearest] = byDistance(key, [...keysAt(path), ...(path.length === 0 ? ignoredKeys : [])]);
  if (nearest !== undefined && distance(key, nearest) <= Math.max(2, key.length / 3)) {
    return `, did you mean ${nearest}?`;
  }
  const known = byDistance(key, keysAt(path));
  const isAll = known.length <= namedKeys;
  return `, expected ${isAll ? "one of" : "another one, e.g."} ${known.slice(0, namedKeys).join(", ")}`;
}

/** The nearest first. */
function byDistance(key: string, known: readonly string[]): string[] {
  return known
    .map((name) => ({ name, distance: distance(key, name) }))
    .sort((a, b) => a.distance - b.distance)
    .map(({ name }) => name);
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
