import type { AlertFilter } from "@falco-outputs/node";
import { parsePriority, priorityNames } from "@falco-outputs/node";
import { UsageError } from "../args/usage-error.js";

const lists = ["rules", "sources", "hostnames", "tags"] as const;
type List = (typeof lists)[number];
const keys = [...lists, "min_priority", "fields"];

/**
 * Filters of the contract in JSON: one, or a list of them. Names are as in the contract, or in lowerCamelCase.
 * @param flag What has the text, for errors.
 * @throws UsageError that says where the text is not a filter.
 */
export function readFilters(flag: string, text: string): AlertFilter[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${flag}: this is not JSON: ${(error as Error).message}`);
  }
  const filters = Array.isArray(value) ? value : [value];
  return filters.map((filter, index) =>
    readFilter(Array.isArray(value) ? `${flag}: [${index}]` : flag, filter),
  );
}

function readFilter(name: string, value: unknown): AlertFilter {
  const filter: AlertFilter = {};
  for (const [given, part] of Object.entries(objectIn(name, value, "a filter"))) {
    const key = snakeCase(given);
    const path = `${name}: ${given}`;
    if (key === "min_priority") filter.minPriority = priorityIn(path, part);
    else if (key === "fields") filter.fields = fieldsIn(path, part);
    else if (isList(key)) filter[key] = textsIn(path, part);
    else throw new UsageError(`${path}: there is no such key, expected one of ${keys.join(", ")}`);
  }
  return filter;
}

function fieldsIn(path: string, value: unknown): Record<string, string[]> {
  if (!Array.isArray(value)) throw expected(path, value, 'a list of {"name": NAME, "values": [VALUE, ...]}');
  const fields = new Map<string, string[]>();
  for (const [index, item] of value.entries()) {
    const at = `${path}[${index}]`;
    const { name, values = [], ...others } = objectIn(at, item, "an output field's name and values");
    const [other] = Object.keys(others);
    if (other !== undefined)
      throw new UsageError(`${at}.${other}: there is no such key, expected name or values`);
    if (typeof name !== "string" || name === "")
      throw expected(`${at}.name`, name, "the name of an output field");
    if (fields.has(name)) {
      throw new UsageError(`${at}.name: ${JSON.stringify(name)} is there already: put its values together`);
    }
    fields.set(name, textsIn(`${at}.values`, values));
  }
  return Object.fromEntries(fields);
}

function priorityIn(path: string, value: unknown) {
  const priority =
    typeof value === "string" ? parsePriority(value) : priorityNames.findIndex((_, n) => n === value);
  if (priority !== undefined && priority !== -1) return priorityNames[priority]!;
  throw expected(path, value, `one of ${priorityNames.join(", ")}, or its number from 0`);
}

function textsIn(path: string, value: unknown): string[] {
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
  throw expected(path, value, "a list of texts");
}

function objectIn(path: string, value: unknown, what: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw expected(path, value, `${what}, as an object`);
}

function expected(path: string, value: unknown, what: string): UsageError {
  return new UsageError(`${path}: ${JSON.stringify(value)}, expected ${what}`);
}

function isList(key: string): key is List {
  return (lists as readonly string[]).includes(key);
}

function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
