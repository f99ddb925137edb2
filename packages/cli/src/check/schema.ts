import { configJsonSchema } from "../config/json-schema.js";
import { say } from "../print/line-writer.js";

export async function printSchema(): Promise<void> {
  await say(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
}
