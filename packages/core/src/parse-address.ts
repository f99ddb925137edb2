import { type Address, readAddress } from "./address.js";
import { OptionError } from "./option-error.js";

/**
 * Reads an address as Falco and gRPC write it: `unix:///path`, `unix:path`, a plain path (anything with a slash), or
 * `host:port` (`[::1]:5060` for IPv6).
 * @param option What the address is called where it was given.
 * @throws OptionError for anything else.
 */
export function parseAddress(text: string, option = "address"): Address {
  const address = readAddress(text);
  if (address !== undefined) return address;
  throw new OptionError({ option, got: text, expected: "unix:///path, a path with a slash, or host:port" });
}
