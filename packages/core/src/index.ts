// Subscribing.
export { type Address, formatAddress, parseAddress } from "./address.js";
// Alerts.
export {
  type Alert,
  type AlertInit,
  type AlertJson,
  alertFromJson,
  alertFromText,
  alertToJson,
  createAlert,
  dateOf,
  type FieldValue,
  isAtLeast,
  priorityName,
  timeNs,
} from "./alert.js";
export { type Client, type ClientOptions, createClient, type FalcoVersion } from "./client.js";
export { Code, type Explain, FalcoError, type FalcoErrorOptions } from "./error.js";
export { OptionError } from "./option-error.js";
export { Priority, type PriorityLike, type PriorityName, parsePriority, priorityNames } from "./priority.js";
export type { AcknowledgedStream, AlertStream } from "./stream/alert-stream.js";
export type { AlertFilter, CallOptions, GetOptions, ReconnectOptions, SubOptions } from "./stream/options.js";
export type { Loss, StreamStatus } from "./stream/status.js";
