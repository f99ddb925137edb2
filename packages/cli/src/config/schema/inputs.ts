import { z } from "zod";
import { listener } from "./listener.js";
import { address, block, blocks, certificates, enabled, flag, name, path, text, token } from "./values.js";

const httpInput = block({
  ...listener,
  token: token
    .optional()
    .meta({ description: "What senders must show: Bearer, Basic's password, or in the path" }),
  token_file: path.optional().meta({ description: "File with the token" }),
  tokens: z
    .array(block({ name, token: token.optional(), token_file: path.optional() }), {
      error: "a list of tokens with names",
    })
    .optional()
    .meta({ description: "Several tokens, with the names that counts appear under" }),
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

export const inputs = block({
  http: blocks(httpInput).optional(),
  stdin: block({ enabled: enabled.optional() }).optional(),
  file: blocks(fileInput).optional(),
  grpc: blocks(grpcInput).optional(),
});
