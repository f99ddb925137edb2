import { z } from "zod";
import { inputs } from "./schema/inputs.js";
import { grpc, web } from "./schema/listener.js";
import { log } from "./schema/log.js";
import { falcoLiveness, operations } from "./schema/operations.js";
import { fileOutput, httpOutput, programOutput, stdoutOutput, syslogOutput } from "./schema/outputs.js";
import { block, blocks, count, enabled, flag, milliseconds, priority, text } from "./schema/values.js";

/** The configuration: falco.yaml's own keys where they exist; `web`, `inputs`, `admin`, `alerts`, `log`, `falco` and `operations` are ours. */
export const configSchema = block({
  json_output: flag.optional(),
  json_include_output_property: flag.optional(),
  json_include_message_property: flag.optional(),
  json_include_tags_property: flag.optional(),
  json_include_output_fields_property: flag.optional(),
  time_format_iso_8601: flag.optional(),
  priority: priority.optional(),
  outputs_queue: block({ capacity: count(0).optional() }).optional(),
  output_timeout: milliseconds.optional(),
  stdout_output: stdoutOutput.optional(),
  file_output: blocks(fileOutput).optional(),
  syslog_output: syslogOutput.optional(),
  program_output: blocks(programOutput).optional(),
  http_output: blocks(httpOutput).optional(),
  grpc: grpc.optional(),
  grpc_output: block({ enabled }).optional(),
  web: web.optional(),
  inputs: inputs.optional(),
  admin: block({
    allowed_names: z
      .array(text("a name in a client's certificate"), { error: "a list of names" })
      .optional()
      .meta({ description: "Client certificates, by their names, that may ask for status and groups" }),
  }).optional(),
  alerts: block({
    max_count: count(1).optional().meta({ description: "How many alerts are retained. Default: 100000" }),
    max_bytes: count(1).optional().meta({ description: "Memory for them, in bytes. Default: 128 MiB" }),
  }).optional(),
  log: log.optional(),
  falco: block({
    version: text("a version, e.g. 0.44.1").optional(),
    url: text("the URL of Falco's web server, e.g. http://localhost:8765").optional(),
    ...falcoLiveness,
  }).optional(),
  operations: operations.optional(),
});

export type Config = z.infer<typeof configSchema>;
