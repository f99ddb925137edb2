/** Adds the value of an option that may be repeated to those before. */
export function collect(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}
