import { post } from "./post.js";
import { readInput } from "./read-input.js";

export interface ForwardOptions {
  address?: string | undefined;
  /** In milliseconds. */
  timeout?: number | undefined;
}

/** The environment's default of --address. */
export const addressVariable = "FALCO_OUTPUTS_INPUT";
const defaultTimeoutMs = 2_000;

/** Posts what standard input brings to the http input of a server. @throws Error, see `post` and `readInput`. */
export async function forward({ address, timeout = defaultTimeoutMs }: ForwardOptions): Promise<void> {
  const input = await readInput();
  await post(address || process.env[addressVariable] || (await defaultAddress()), input, timeout);
}

async function defaultAddress(): Promise<string> {
  return (await import("../default-address.js")).defaultInputAddress();
}
