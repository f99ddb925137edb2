import { UsageError } from "../args/usage-error.js";
import { inputVariable, type NamedAddress, namedAddress } from "../connection/named-address.js";
import { post } from "./post.js";
import { readInput } from "./read-input.js";

export interface ForwardOptions {
  address?: string | undefined;
  /** In milliseconds. */
  timeout?: number | undefined;
}

const defaultTimeoutMs = 2_000;
const timeoutVariable = "FALCO_OUTPUTS_TIMEOUT";

/** Posts standard input to the http input of a server. @throws Error, see `post` and `readInput`. */
export async function forward({ address, timeout }: ForwardOptions): Promise<void> {
  const timeoutMs = timeout ?? (await namedTimeout()) ?? defaultTimeoutMs;
  const input = await readInput();
  await post(namedAddress(address, inputVariable) ?? (await defaultAddress()), input, timeoutMs);
}

async function defaultAddress(): Promise<NamedAddress> {
  const { defaultInputAddress } = await import("../connection/default-address.js");
  return { address: defaultInputAddress(), name: "--address" };
}

/** @throws UsageError for a variable that has no duration. */
async function namedTimeout(): Promise<number | undefined> {
  const text = process.env[timeoutVariable] ?? "";
  if (text === "") return undefined;
  const ms = (await import("../args/duration.js")).durationMs(text);
  if (ms !== undefined) return ms;
  throw new UsageError(
    `${timeoutVariable}: ${JSON.stringify(text)}, expected a duration with its unit, e.g. 500ms`,
  );
}
