import { parsePriority } from "@falco-outputs/core";
import { z } from "zod";
import { booleanOf } from "./boolean-of.js";
import { falcoLiveness, operations } from "./operations-schema.js";
import {
  address,
  block,
  certificates,
  count,
  fileMode,
  flag,
  listener,
  milliseconds,
  oneOrMore,
  path,
  text,
} from "./schema-parts.js";

/** Falco requires it for each output: a block alone would leave the output off. */
const enabled = flag;

const grpc = block({
  ...listener,
  threadiness: z.unknown().optional(),
});

const web = block({
  enabled: enabled.optional(),
  bind_address: oneOrMore(text('"host:port"'), '"host:port", or a list of them'),
  private_key: path.optional(),
  cert_chain: path.optional(),
  token_file: path.optional().meta({ description: "File with the token that clients show" }),
  allowed_origins: z
    .array(text("an origin, e.g. http://localhost:8080"), { error: "a list of origins" })
    .optional()
    .meta({ description: "Pages that may subscribe" }),
  insecure: flag.optional().meta({ description: "Allows an address that others can reach without TLS" }),
});

const httpOutput = block({
  enabled,
  url: z.string({ error: "the URL to post to" }).optional(),
  user_agent: text("a text").optional(),
  insecure: flag.optional(),
  ca_cert: z.string({ error: "the path of a file" }).optional(),
  ca_bundle: z.string({ error: "the path of a file" }).optional(),
  ca_path: z.string({ error: "the path of a folder" }).optional(),
  mtls: flag.optional(),
  client_cert: z.string({ error: "the path of a file" }).optional(),
  client_key: z.string({ error: "the path of a file" }).optional(),
  echo: z
    .preprocess(booleanOf, z.literal(false, { error: "false: what the receiver answers is not printed" }))
    .optional(),
  compress_uploads: flag.optional(),
  keep_alive: flag.optional(),
  max_consecutive_timeouts: count(0).optional(),
});

const syslogOutput = block({
  enabled,
  facility: text("a facility, e.g. user or local0").optional(),
  tag: text("a text").optional().meta({ description: "The program's name in the log. Default: falco" }),
  socket: path.optional().meta({ description: "The local socket. Default: /dev/log" }),
  address: text('"host:port"').optional().meta({ description: "RFC 5424 over TCP instead" }),
  tls: flag.optional().meta({ description: "RFC 5424 over TLS" }),
  ...certificates,
  server_name: text("a name").optional(),
  insecure: flag.optional().meta({ description: "Allows TCP without TLS" }),
});

const httpInput = block({
  ...listener,
  token_file: path.optional().meta({ description: "File with the token that clients show (Bearer)" }),
});

const fileInput = block({
  enabled: enabled.optional(),
  filename: path,
  state_file: path.optional().meta({ description: "Where the position is kept over restarts" }),
  from: z
    .enum(["end", "beginning"], { error: "end or beginning" })
    .optional()
    .meta({ description: "Where to start in a file that is there already. Default: end" }),
});

const grpcInput = block({
  enabled: enabled.optional(),
  name: text("a name").optional().meta({ description: "In logs and metrics. Default: the address" }),
  address,
  group: text("a group's name").optional(),
  ...certificates,
  server_name: text("a name").optional(),
  insecure: flag.optional().meta({ description: "Allows TCP without mutual TLS" }),
});

/** The configuration: falco.yaml's own keys where they exist, `web`, `inputs`, `admin`, `alerts`, `falco` and `operations` are ours. */
export const configSchema = block({
  json_output: flag.optional(),
  json_include_output_property: flag.optional(),
  json_include_message_property: flag.optional(),
  json_include_tags_property: flag.optional(),
  json_include_output_fields_property: flag.optional(),
  time_format_iso_8601: flag.optional(),
  priority: z
    .string()
    .refine((name) => parsePriority(name) !== undefined, { error: "a priority of Falco's, e.g. warning" })
    .optional(),
  outputs_queue: block({ capacity: count(0).optional() }).optional(),
  output_timeout: milliseconds.optional(),
  stdout_output: block({ enabled }).optional(),
  file_output: block({
    enabled,
    filename: z.string({ error: "the path of a file" }).optional(),
    keep_alive: flag.optional(),
    mode: fileMode.optional(),
  }).optional(),
  syslog_output: syslogOutput.optional(),
  program_output: block({
    enabled,
    program: z.string({ error: "a command" }).optional(),
    keep_alive: flag.optional(),
  }).optional(),
  http_output: httpOutput.optional(),
  grpc: grpc.optional(),
  grpc_output: block({ enabled }).optional(),
  web: web.optional(),
  inputs: block({
    http: httpInput.optional(),
    stdin: block({ enabled: enabled.optional() }).optional(),
    file: oneOrMore(fileInput, "a block of keys, or a list of them").optional(),
    grpc: oneOrMore(grpcInput, "a block of keys, or a list of them").optional(),
  }).optional(),
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
  falco: block({
    version: text("a version, e.g. 0.44.1").optional(),
    url: text("the URL of Falco's web server, e.g. http://localhost:8765").optional(),
    ...falcoLiveness,
  }).optional(),
  operations: operations.optional(),
});

export type Config = z.infer<typeof configSchema>;
