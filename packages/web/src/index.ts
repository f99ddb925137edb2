// Subscribing.

// Alerts, and all else of core that a browser has a use for. It makes no alerts from Falco's lines, and has no sockets.
export {
  type Alert,
  type AlertFilter,
  type AlertJson,
  type AlertStream,
  alertToJson,
  type CallOptions,
  Code,
  dateOf,
  FalcoError,
  type FalcoErrorOptions,
  type FalcoVersion,
  type GetOptions,
  isAtLeast,
  type Loss,
  Priority,
  type PriorityLike,
  type PriorityName,
  parsePriority,
  priorityName,
  priorityNames,
  type ReconnectOptions,
  type StreamStatus,
  timeNs,
} from "@falco-outputs/core";
export { type Client, type ClientOptions, createClient, type SubOptions } from "./client.js";
