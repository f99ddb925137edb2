/** The environment's default of --address, for `forward`. */
export const inputVariable = "FALCO_OUTPUTS_INPUT";

/** An address, and what an error calls it: the flag, or the variable that it comes from. */
export interface NamedAddress {
  readonly address: string;
  readonly name: string;
}

/** The address that --address or an environment variable has; undefined if neither has one. */
export function namedAddress(flag: string | undefined, variable: string): NamedAddress | undefined {
  if (flag !== undefined && flag !== "") return { address: flag, name: "--address" };
  const address = process.env[variable];
  return address === undefined || address === "" ? undefined : { address, name: variable };
}
