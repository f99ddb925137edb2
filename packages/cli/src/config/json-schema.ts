import { z } from "zod";
import { ignoredKeys } from "./ignored-keys.js";
import { configSchema } from "./schema.js";

export interface JsonSchema {
  type?: string;
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | boolean;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  /** Whether it is a secret. */
  writeOnly?: boolean;
}

/** A value that is read from variables. */
const variable = { type: "string", pattern: "\\$\\{.*\\}" };

/** The configuration file's JSON schema, for editors. */
export function configJsonSchema(): object {
  const { properties, ...schema } = jsonSchemaOf(true);
  const ignored = Object.fromEntries(
    [...ignoredKeys].map((key) => [key, { description: "A key of falco.yaml that has no meaning here" }]),
  );
  return { title: "falco-outputs.yaml", ...schema, properties: { ...properties, ...ignored } };
}

/** @param withVariables Whether numbers and booleans may be `${NAME}`, as in a file. */
export function jsonSchemaOf(withVariables = false): JsonSchema {
  return z.toJSONSchema(configSchema, {
    reused: withVariables ? "ref" : "inline",
    override: ({ jsonSchema }) => {
      const { type, ...rest } = jsonSchema;
      if (!withVariables || (type !== "boolean" && type !== "integer")) return;
      for (const key of Object.keys(jsonSchema)) delete jsonSchema[key as keyof typeof jsonSchema];
      Object.assign(jsonSchema, { anyOf: [{ type, ...rest }, variable] });
    },
  }) as JsonSchema;
}
