import { stringify } from "yaml";
import { hideSecrets } from "./hide-secrets.js";
import { jsonSchemaOf } from "./json-schema.js";
import { readConfig } from "./read-config.js";
import { withDefaults } from "./with-defaults.js";

/** What holds by a configuration file, as YAML: with defaults and variables' values, without secrets. */
export function printedConfig(file: string): string {
  return stringify(hideSecrets(withDefaults(readConfig(file).config), [jsonSchemaOf()]));
}
