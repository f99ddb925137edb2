import { parsePriority } from "@falco-outputs/core";
import { z } from "zod";
import { booleanOf } from "../boolean-of.js";

// An error's text says what would be right: it follows the word "expected".

/** Of a key whose value no log and no `--print-config` may show; JSON Schema has a word for that. */
export const secret = { writeOnly: true };

export const flag = z.preprocess(booleanOf, z.boolean({ error: "true or false" }));
export const text = (what: string) => z.string({ error: what }).min(1, { error: what });
export const path = text("the path of a file");
export const address = text('an address: "host:port", or "unix:///path"');
export const count = (least: number, what = `a whole number from ${least}`) =>
  z.preprocess(numberOf, z.int({ error: what }).min(least, { error: what }));
export const milliseconds = count(1, "milliseconds, a whole number from 1");
export const block = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject(shape, { error: "a block of keys" });
export const oneOrMore = <Item extends z.ZodType>(item: Item, what: string) =>
  z.union([item, z.array(item)], { error: what });
export const blocks = <Item extends z.ZodType>(item: Item) =>
  oneOrMore(item, "a block of keys, or a list of them");
export const fileMode = z
  .string({ error: 'an octal mode in quotes, e.g. "0660"' })
  .regex(/^[0-7]{3,4}$/, { error: 'an octal mode in quotes, e.g. "0660"' });
export const priority = z
  .string({ error: "a priority of Falco's, e.g. warning" })
  .refine((name) => parsePriority(name) !== undefined, { error: "a priority of Falco's, e.g. warning" });
export const token = z
  .string({ error: "16 to 1,024 visible ASCII characters" })
  .regex(/^[\x21-\x7e]{16,1024}$/, { error: "16 to 1,024 visible ASCII characters" })
  .meta(secret);
/** A part of the names that counts appear under. */
export const name = z
  .string({ error: "1 to 64 letters, digits, dots, _ and -" })
  .regex(/^[\w.-]{1,64}$/, { error: "1 to 64 letters, digits, dots, _ and -" });

export const certificates = {
  private_key: path.optional().meta({ description: "This side's private key, PEM" }),
  cert_chain: path.optional().meta({ description: "Its certificate, PEM" }),
  root_certs: path.optional().meta({ description: "The authorities that sign the other side's, PEM" }),
};

/** Falco reads types last: a number in quotes, or from a variable, is a number. */
function numberOf(value: unknown): unknown {
  return typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value;
}
