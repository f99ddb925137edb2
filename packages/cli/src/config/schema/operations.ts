import { z } from "zod";
import { durationMs } from "../../args/duration.js";
import { eventLabels } from "../../operations/events/labels.js";
import { address, block, certificates, enabled, fileMode, flag, text } from "./values.js";

const durationText = "a time, e.g. 30s, 15m or 1h";
const duration = z
  .string({ error: durationText })
  .refine((given) => durationMs(given) !== undefined, { error: durationText });

/** Where an operator's tools ask how the server is. */
export const operations = block({
  enabled: enabled.optional(),
  bind_address: address.optional().meta({ description: "Default: 127.0.0.1:9376" }),
  ...certificates,
  socket_mode: fileMode.optional().meta({ description: 'Permissions of a unix socket. Default: "0600"' }),
  socket_group: z
    .union([text("a group's name or number"), z.int()], { error: "a group's name or number" })
    .optional()
    .meta({ description: "Group of a unix socket" }),
  insecure: flag
    .optional()
    .meta({ description: "Allows an address that others can reach without mutual TLS" }),
  event_labels: z
    .array(z.enum(eventLabels, { error: `one of ${eventLabels.join(", ")}` }), { error: "a list of labels" })
    .optional()
    .meta({ description: "The labels of falco_events. Default: all of them" }),
  ready_needs_falco: flag
    .optional()
    .meta({ description: "Whether /readyz fails while Falco is silent. Default: false" }),
});

/** Keys of the block `falco`: how it shows that it is alive. */
export const falcoLiveness = {
  metrics_interval: duration
    .optional()
    .meta({ description: "Falco's metrics.interval: it is silent when no snapshot comes" }),
  expect_every: duration
    .optional()
    .meta({ description: "It is silent when no alert comes for so long, e.g. 1h" }),
  alert_when_silent: flag
    .optional()
    .meta({ description: "Raises an alert when Falco becomes silent. Default: false" }),
};
