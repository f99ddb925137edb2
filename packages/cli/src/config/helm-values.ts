import { ignoredKeys } from "./ignored-keys.js";
import { configSchema } from "./schema.js";

/** Whether these are values of Falco's Helm chart, which have falco.yaml below `falco`. */
export function areHelmValues(config: unknown): boolean {
  const { falco } = (config ?? {}) as { falco?: unknown };
  if (typeof falco !== "object" || falco === null) return false;
  return Object.keys(falco).some((key) => key in configSchema.shape || ignoredKeys.has(key));
}
