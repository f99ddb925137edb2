import { inputVariable, type NamedAddress, namedAddress } from "../connection/named-address.js";
import { post } from "./post.js";
import { readInput } from "./read-input.js";

export interface ForwardOptions {
  address?: string | undefined;
  /** In milliseconds. */
  timeout?: number | undefined;
}

const defaultTimeoutMs = 2_000;

/** Posts standard input to the http input of a server. @throws Error, see `post` and `readInput`. */
export async function forward({ address, timeout = defaultTimeoutMs }: ForwardOptions): Promise<void> {
  const input = await readInput();
  await post(namedAddress(address, inputVariable) ?? (await defaultAddress()), input, timeout);
}

async function defaultAddress(): Promise<NamedAddress> {
  const { defaultInputAddress } = await import("../connection/default-address.js");
  return { address: defaultInputAddress(), name: "--address" };
}
