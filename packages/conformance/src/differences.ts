/**
 * Where two JSON values differ, each place with what was expected and what was seen. Strict: a member that was not
 * expected is a difference. The order of an object's members is none.
 */
export function differences(expected: unknown, seen: unknown, where: string): string[] {
  if (isObject(expected) && isObject(seen)) {
    const names = new Set([...Object.keys(expected), ...Object.keys(seen)]);
    return [...names].flatMap((name) =>
      differences(own(expected, name), own(seen, name), `${where}.${name}`),
    );
  }
  if (Array.isArray(expected) && Array.isArray(seen)) {
    const count = Math.max(expected.length, seen.length);
    return Array.from({ length: count }, (_, i) =>
      differences(expected[i], seen[i], `${where}[${i}]`),
    ).flat();
  }
  if (Object.is(expected, seen)) return [];
  return [`${where}: expected ${show(expected)}, saw ${show(seen)}`];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// Not by the prototype: an output field may be called "constructor".
function own(object: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

const maxShown = 400;

function show(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > maxShown ? `${text.slice(0, maxShown)}… (${text.length} characters)` : text;
}
