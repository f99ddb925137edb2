import { z } from "zod";
import {
  block,
  blocks,
  certificates,
  count,
  enabled,
  fileMode,
  flag,
  name,
  oneOrMore,
  path,
  priority,
  secret,
  text,
} from "./values.js";

const texts = oneOrMore(z.string({ error: "a text" }), "a text, or a list of them");

const filter = block({
  min_priority: priority.optional(),
  rules: texts.optional(),
  sources: texts.optional(),
  hostnames: texts.optional(),
  tags: texts.optional(),
  fields: z
    .record(z.string(), texts, { error: "values by the name of their output field" })
    .optional()
    .meta({ description: "Output fields by their exact name; an empty list: the field is there" }),
});

// Falco requires `enabled` for each output: a block alone would leave the output off.

/** Which alerts an output gets. */
const selection = {
  priority: priority.optional().meta({ description: "Only alerts that are at least this severe" }),
  allow: blocks(filter).optional().meta({ description: "Only alerts that match one of these" }),
  deny: blocks(filter).optional().meta({ description: "No alerts that match one of these" }),
};

/** Of an output of which there may be several. */
const named = {
  name: name
    .optional()
    .meta({ description: "What its counts appear under; needed for all but one of a kind" }),
  ...selection,
};

export const stdoutOutput = block({ enabled, ...selection });

export const fileOutput = block({
  enabled,
  filename: z.string({ error: "the path of a file" }).optional(),
  keep_alive: flag.optional(),
  mode: fileMode.optional().meta({ description: 'Of a file that is created. Default: "0666"' }),
  ...named,
});

export const programOutput = block({
  enabled,
  program: z.string({ error: "a command" }).optional().meta(secret),
  keep_alive: flag.optional(),
  ...named,
});

export const httpOutput = block({
  enabled,
  url: z.string({ error: "the URL to post to" }).optional().meta(secret),
  url_file: path.optional().meta({ description: "File with the URL, in place of url" }),
  user_agent: text("a text").optional(),
  insecure: flag.optional(),
  ca_cert: z.string({ error: "the path of a file" }).optional(),
  ca_bundle: z.string({ error: "the path of a file" }).optional(),
  ca_path: z.string({ error: "the path of a folder" }).optional(),
  mtls: flag.optional(),
  client_cert: z.string({ error: "the path of a file" }).optional(),
  client_key: z.string({ error: "the path of a file" }).optional(),
  echo: flag.optional().meta({ description: "Logs what the receiver answers" }),
  compress_uploads: flag.optional(),
  keep_alive: flag.optional(),
  max_consecutive_timeouts: count(0).optional(),
  ...named,
});

export const syslogOutput = block({
  enabled,
  facility: text("a facility, e.g. user or local0").optional(),
  tag: text("a text").optional().meta({ description: "The program's name in the log. Default: falco" }),
  socket: path.optional().meta({ description: "The local socket. Default: /dev/log" }),
  address: text('"host:port"').optional().meta({ description: "RFC 5424 over TCP instead" }),
  tls: flag.optional().meta({ description: "RFC 5424 over TLS" }),
  ...certificates,
  server_name: text("a name").optional(),
  insecure: flag.optional().meta({ description: "Allows TCP without TLS" }),
  ...selection,
});
