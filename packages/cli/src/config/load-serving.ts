import { UsageError } from "../args/usage-error.js";
import { inConfiguration } from "./keys.js";
import { grpcHeldBack, isGrpcHeldBack } from "./listen.js";
import { readConfig } from "./read-config.js";
import type { Serving } from "./serving.js";
import { servingOf } from "./serving-of.js";

export interface LoadedServing {
  serving: Serving;
  /** Keys of falco.yaml that are in the file and have no meaning here. */
  ignored: readonly string[];
  /** What works, but may not be what the user expects. */
  warnings: readonly string[];
  /** An error about what the file says as a UsageError that says where; any other as it is. */
  located(error: unknown): unknown;
  /** A message with the file before it, and the line of the key that it begins with. */
  locate(message: string): string;
}

/** What `serve` does by a configuration file. @throws UsageError that says what is wrong, and where. */
export function loadServing(file: string): LoadedServing {
  const { config, ignored, locate } = readConfig(file);
  const located = (error: unknown, items: Serving["items"] = {}) => {
    const told = inConfiguration(error, items);
    return told instanceof UsageError ? new UsageError(...told.messages.map(locate)) : told;
  };
  try {
    const serving = servingOf(config);
    return {
      serving,
      ignored,
      warnings: isGrpcHeldBack(config) ? [locate(grpcHeldBack)] : [],
      located: (error) => located(error, serving.items),
      locate,
    };
  } catch (error) {
    throw located(error);
  }
}
