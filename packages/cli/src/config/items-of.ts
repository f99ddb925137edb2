/** The items of a key that takes one, or a list of them, each with what the file calls it: `key`, or `key[1]`. */
export function itemsOf<Item>(key: string, items: Item | readonly Item[]): { key: string; item: Item }[] {
  return Array.isArray(items)
    ? (items as readonly Item[]).map((item, index) => ({ key: `${key}[${index}]`, item }))
    : [{ key, item: items as Item }];
}
