// biome-ignore-all assist/source/organizeImports: grouped by who needs them, subscribers first

// Subscribing.
export { type Client, type ClientOptions, createClient, type FalcoVersion } from "./client.js";
export type {
  AcknowledgedStream,
  AlertStream,
  Alerts,
  Batches,
  BatchIterator,
  OneByOne,
} from "./stream/alert-stream.js";
export type {
  AlertFilter,
  CallHeaders,
  CallOptions,
  FilterOptions,
  GetOptions,
  ReconnectOptions,
  SubOptions,
} from "./stream/options.js";
export type { Loss, LossCause, StreamStatus } from "./stream/status.js";
export { Code, FalcoError } from "./error.js";
export { OptionError } from "./option-error.js";

// What an alert says.
export { type Alert, type AlertJson, alertToJson, priorityName } from "./alert-message.js";
export { dateOf, isAtLeast, timeNs } from "./alert.js";
export { Priority, type PriorityLike, type PriorityName, parsePriority, priorityNames } from "./priority.js";

// Making alerts.
export { type AlertInit, alertFromJson, alertFromText, createAlert, type FieldValue } from "./alert.js";

// For those who build on this package.
export type { FalcoErrorOptions } from "./error.js";
