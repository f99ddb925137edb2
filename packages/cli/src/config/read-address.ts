import { type Address, parseAddress } from "@falco-outputs/core";
import { UsageError } from "../args/usage-error.js";

/** The address that a key has. @throws UsageError that names the key. */
export function readAddress(key: string, text: string): Address {
  try {
    return parseAddress(text);
  } catch (error) {
    // The parser calls it "address", whatever it is called here.
    throw new UsageError((error as Error).message.replace(/^address/, () => key));
  }
}
