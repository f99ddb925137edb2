import { Code, FalcoError } from "@falco-outputs/node";
import { UsageError } from "../usage-error.js";
import { inKeys } from "./in-keys.js";
import { readConfig } from "./read-config.js";
import { type Serving, servingOf } from "./serving.js";

export interface LoadedServing {
  serving: Serving;
  /** Keys of falco.yaml that were there and mean nothing here. */
  ignored: readonly string[];
  /** An error about what the file says as a UsageError that says where; any other as it is. */
  located(error: unknown): unknown;
}

/** What a configuration file has `serve` do. @throws UsageError that says what is wrong, and where. */
export function loadServing(file: string): LoadedServing {
  const { config, ignored, locate } = readConfig(file);
  const located = (error: unknown) => {
    if (error instanceof UsageError) return new UsageError(...error.messages.map(locate));
    const isAboutOptions = error instanceof FalcoError && error.code === Code.InvalidArgument;
    return isAboutOptions ? new UsageError(locate(inKeys(error.message))) : error;
  };
  try {
    return { serving: servingOf(config), ignored, located };
  } catch (error) {
    throw located(error);
  }
}
