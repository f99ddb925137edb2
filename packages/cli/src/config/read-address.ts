import { type Address, readAddress as read } from "@falco-outputs/core/address";
import { OptionError } from "@falco-outputs/core/options";
import { UsageError } from "../args/usage-error.js";

/** The address that a key has. @throws UsageError that names the key. */
export function readAddress(key: string, text: string): Address {
  const address = read(text);
  if (address !== undefined) return address;
  const expected = "unix:///path, a path with a slash, or host:port";
  throw new UsageError(new OptionError({ option: key, got: text, expected }).message);
}
