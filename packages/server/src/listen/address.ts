import { type Address, readAddress as read } from "@falco-outputs/core/address";
import { OptionError } from "@falco-outputs/core/options";

/** What an address must look like. */
const anyAddress = "unix:///path, a path with a slash, or host:port";

/**
 * Where an item of a list of listeners is to listen.
 * @param option What the item is called, e.g. `listen[0]`.
 * @throws OptionError
 */
export function readAddress(option: string, text: string, expected = anyAddress): Address {
  const address = read(text);
  if (address === undefined) throw new OptionError({ option: `${option}.address`, got: text, expected });
  return address;
}

/** One item of a list of listeners. */
export interface Item<Options> {
  /** What it is called, e.g. `web[1]`. */
  readonly option: string;
  readonly options: Options;
}

/**
 * The items of a list of listeners; an address alone is short for options with only that.
 * @param option What the list is called, e.g. `web`.
 * @throws OptionError for what is not a list, or has other items.
 */
export function itemsOf<Options extends { address: string }>(
  option: string,
  list: readonly (string | Options)[],
): Item<Options | { address: string }>[] {
  if (!Array.isArray(list)) {
    throw new OptionError({
      option,
      got: list,
      expected: "a list of addresses, or of objects with an address",
    });
  }
  return list.map((item: string | Options, index) => {
    const name = `${option}[${index}]`;
    if (typeof item === "string") return { option: name, options: { address: item } };
    if (typeof item?.address === "string") return { option: name, options: item };
    throw new OptionError({ option: name, got: item, expected: "an address, or an object with an address" });
  });
}
