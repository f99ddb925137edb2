import { ignoredKeys } from "./ignored-keys.js";
import { configSchema } from "./schema.js";

/** Whether this is what Falco's Helm chart is given, in which falco.yaml stands below `falco`. */
export function areHelmValues(config: unknown): boolean {
  const { falco } = (config ?? {}) as { falco?: unknown };
  if (typeof falco !== "object" || falco === null) return false;
  return Object.keys(falco).some((key) => key in configSchema.shape || ignoredKeys.has(key));
}
