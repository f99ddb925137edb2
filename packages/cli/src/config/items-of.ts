/** The items of a key that takes one or a list, each with its name in the file: `key`, or `key[1]`. */
export function itemsOf<Item>(key: string, items: Item | readonly Item[]): { key: string; item: Item }[] {
  return Array.isArray(items)
    ? (items as readonly Item[]).map((item, index) => ({ key: `${key}[${index}]`, item }))
    : [{ key, item: items as Item }];
}

/** One or many as a list; empty for undefined. */
export function listOf<Item>(items: Item | readonly Item[] | undefined): readonly Item[] {
  if (items === undefined) return [];
  return Array.isArray(items) ? (items as readonly Item[]) : [items as Item];
}
