// biome-ignore-all assist/source/organizeImports: grouped by who needs them, subscribers first

// Subscribing.
export { type Client, type ClientOptions, createClient, type SubOptions } from "./client.js";
export {
  type AlertFilter,
  type AlertStream,
  type CallOptions,
  Code,
  FalcoError,
  type FalcoErrorOptions,
  type FalcoVersion,
  type GetOptions,
  type Loss,
  OptionError,
  type ReconnectOptions,
  type StreamStatus,
} from "@falco-outputs/core";

// What an alert says. A browser makes no alerts from Falco's lines, and has no sockets.
export {
  type Alert,
  type AlertJson,
  alertToJson,
  dateOf,
  isAtLeast,
  Priority,
  type PriorityLike,
  type PriorityName,
  parsePriority,
  priorityName,
  priorityNames,
  timeNs,
} from "@falco-outputs/core";
