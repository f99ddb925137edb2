import { create } from "@bufbuild/protobuf";
import type { Alert } from "../alert-message.js";
import { milliseconds } from "../check-option.js";
import { type OutputsRequest, OutputsRequestSchema, refusal } from "../contract.js";
import { Code, FalcoError } from "../error.js";
import { OptionError } from "../option-error.js";
import { type CallSettings, callSettings } from "./call-settings.js";
import { requestFilters } from "./filter-options.js";
import { matcherOf } from "./local-filter.js";
import type { CallOptions, FilterOptions, GetOptions, ReconnectOptions, SubOptions } from "./options.js";
import { type ReconnectSettings, reconnectSettings } from "./reconnect-settings.js";
import type { StreamStatus } from "./status.js";

/** What a stream is to do: options with their defaults, checked. */
export interface StreamSettings {
  readonly method: "sub" | "get";
  readonly request: OutputsRequest;
  readonly call: CallSettings;
  /** Whether Falco's own server would take the request for another one. */
  readonly needsOurServer: boolean;
  readonly acknowledge: false | "auto" | "manual";
  /** Whether it is to end with the server's last word: `get` that does not follow. */
  readonly isWhole: boolean;
  /** Filters on this side. */
  readonly passes: ((alert: Alert) => boolean) | undefined;
  /** Undefined: a lost connection ends the stream. */
  readonly reconnect: ReconnectSettings | undefined;
  readonly pollIntervalMs: number;
  /** How long a stream that is stopped waits for acknowledgements. */
  readonly drainTimeoutMs: number;
  readonly onStatus: ((status: StreamStatus) => void) | undefined;
}

const defaultPollIntervalMs = 100;
const defaultDrainTimeoutMs = 10_000;
const maxSequence = 2n ** 64n - 1n;

/** All options there are, as they come from JavaScript, where nothing keeps them from being combined. */
type AnyOptions = CallOptions &
  FilterOptions & {
    since?: Date | bigint;
    until?: Date | bigint;
    group?: string;
    broadcast?: boolean;
    after?: bigint;
    follow?: boolean;
    acknowledge?: boolean | "manual";
    filterLocally?: boolean;
    reconnect?: ReconnectOptions | false;
    onStatus?: (status: StreamStatus) => void;
    pollIntervalMs?: number;
    drainTimeoutMs?: number;
  };

/**
 * @param maxReconnectDelayMs The longest wait before another attempt, where the options do not say.
 * @throws OptionError for an option that cannot work.
 * @throws FalcoError with InvalidArgument for options that do not go together, in the words that the server would use.
 */
export function streamSettings(
  method: "sub" | "get",
  options: SubOptions | GetOptions,
  maxReconnectDelayMs?: number,
): StreamSettings {
  const any = options as AnyOptions;
  const {
    acknowledge = false,
    follow = false,
    broadcast = false,
    filterLocally = false,
    after,
    onStatus,
  } = any;
  const pollIntervalMs = milliseconds("pollIntervalMs", any.pollIntervalMs, defaultPollIntervalMs);
  const drainTimeoutMs = milliseconds("drainTimeoutMs", any.drainTimeoutMs, defaultDrainTimeoutMs);
  const reconnect = reconnectSettings(any.reconnect, maxReconnectDelayMs);
  const { allow, deny, nameOf } = requestFilters(any);
  if (filterLocally && (any.group !== undefined || broadcast)) {
    throw new OptionError({
      option: "filterLocally",
      got: true,
      expected: "false with {group} and {broadcast}, which the server filters",
    });
  }
  if (any.group === "") throw new OptionError({ option: "group", got: "", expected: "a name" });
  if (after !== undefined && !isSequence(after)) {
    throw new OptionError({
      option: "after",
      got: after,
      expected: `a sequence number as a bigint, from 0n to ${maxSequence}n`,
    });
  }
  const request = create(OutputsRequestSchema, {
    ...(filterLocally ? {} : { allow, deny }),
    group: any.group ?? "",
    broadcast,
    follow,
    ...(after !== undefined && { after }),
    ...timestampIn("since", any.since),
    ...timestampIn("until", any.until),
    ...(acknowledge !== false && { acknowledged: 0n }),
  });
  const refused = refusal(method, request, nameOf);
  if (refused !== undefined) throw new FalcoError(refused, Code.InvalidArgument);
  return {
    method,
    request,
    call: callSettings(any),
    needsOurServer: request.group !== "" || broadcast || follow || acknowledge !== false,
    acknowledge: acknowledge === true ? "auto" : acknowledge,
    isWhole: method === "get" && !follow,
    passes: filterLocally ? matcherOf(allow, deny) : undefined,
    reconnect: method === "sub" || follow ? reconnect : undefined,
    pollIntervalMs,
    drainTimeoutMs,
    onStatus,
  };
}

/** @throws OptionError for a date that is none. */
function timestampIn(option: "since" | "until", time: Date | bigint | undefined) {
  if (time === undefined) return {};
  const ns = typeof time === "bigint" ? time : BigInt(time.getTime()) * 1_000_000n;
  const seconds = ns >= 0n ? ns / 1_000_000_000n : (ns - 999_999_999n) / 1_000_000_000n;
  return { [option]: { seconds, nanos: Number(ns - seconds * 1_000_000_000n) } };
}

function isSequence(value: unknown): boolean {
  return typeof value === "bigint" && value >= 0n && value <= maxSequence;
}
