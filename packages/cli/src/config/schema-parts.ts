import { z } from "zod";
import { booleanOf } from "./boolean-of.js";

// An error's text says what would be right: it follows the word "expected".
export const flag = z.preprocess(booleanOf, z.boolean({ error: "true or false" }));
export const text = (what: string) => z.string({ error: what }).min(1, { error: what });
export const path = text("the path of a file");
export const address = text('an address: "host:port", or "unix:///path"');
export const count = (least: number, what = `a whole number from ${least}`) =>
  z.int({ error: what }).min(least, { error: what });
export const milliseconds = count(1, "milliseconds, a whole number from 1");
export const block = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject(shape, { error: "a block of keys" });
export const oneOrMore = <Item extends z.ZodType>(item: Item, what: string) =>
  z.union([item, z.array(item)], { error: what });
export const fileMode = z
  .string({ error: 'an octal mode in quotes, e.g. "0660"' })
  .regex(/^[0-7]{3,4}$/, { error: 'an octal mode in quotes, e.g. "0660"' });

export const certificates = {
  private_key: path.optional().meta({ description: "This side's private key, PEM" }),
  cert_chain: path.optional().meta({ description: "Its certificate, PEM" }),
  root_certs: path.optional().meta({ description: "The authorities that sign the other side's, PEM" }),
};

/** Where something is served. */
export const listener = {
  enabled: flag.optional(),
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
