import { z } from "zod";
import {
  address,
  block,
  certificates,
  enabled,
  fileMode,
  flag,
  oneOrMore,
  path,
  text,
  token,
} from "./values.js";

/** Where something is served. */
export const listener = {
  enabled: enabled.optional(),
  bind_address: oneOrMore(
    address,
    'an address ("host:port", or "unix:///path"), or a list of them',
  ).optional(),
  ...certificates,
  socket_mode: fileMode.optional().meta({ description: 'Permissions of unix sockets. Default: "0600"' }),
  socket_group: z
    .union([text("a group's name or number"), z.int()], { error: "a group's name or number" })
    .optional()
    .meta({ description: "Group of unix sockets" }),
  insecure: flag.optional().meta({ description: "Allows TCP without mutual TLS, to anyone" }),
};

export const grpc = block({
  ...listener,
  threadiness: z.unknown().optional(),
  reflection: flag
    .optional()
    .meta({ description: "Whether grpcurl and others may ask which services there are. Default: true" }),
});

export const web = block({
  enabled: enabled.optional(),
  bind_address: oneOrMore(text('"host:port"'), '"host:port", or a list of them'),
  private_key: path.optional(),
  cert_chain: path.optional(),
  token: token.optional().meta({ description: "What clients must show (Bearer)" }),
  token_file: path.optional().meta({ description: "File with the token" }),
  allowed_origins: z
    .array(text("an origin, e.g. http://localhost:8080"), { error: "a list of origins" })
    .optional()
    .meta({ description: "Pages that may subscribe" }),
  insecure: flag.optional().meta({ description: "Allows an address that others can reach without TLS" }),
});
