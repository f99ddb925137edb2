import { z } from "zod";
import { spanMs } from "../../args/time.js";
import { block, count, milliseconds, text } from "./values.js";

const duration = "a duration with its unit, e.g. 12h or 7d";

/** Where alerts are kept. */
export const log = block({
  directory: text("the path of a directory").meta({ description: "Where the log's files are" }),
  retention: block({
    bytes: count(1).optional().meta({ description: "How large the files are at most. Default: 1 GiB" }),
    count: count(1).optional().meta({ description: "How many alerts are kept. Default: any number" }),
    age: z
      .string({ error: duration })
      .refine((age) => spanMs(age) !== undefined, { error: duration })
      .optional()
      .meta({ description: "How old alerts become. Default: 7d" }),
  }).optional(),
  sync: z
    .enum(["always", "interval", "never"], { error: "always, interval or never" })
    .optional()
    .meta({ description: "When alerts are safe from a power failure. Default: interval" }),
  sync_interval_ms: milliseconds.optional(),
});
