import { create } from "@bufbuild/protobuf";
import type { Alert } from "../alert-message.js";
import { milliseconds } from "../check-option.js";
import { type OutputsRequest, OutputsRequestSchema } from "../contract.js";
import { Code, FalcoError } from "../error.js";
import { OptionError } from "../option-error.js";
import { refusal, refusedFilters } from "../refusal.js";
import { type CallSettings, callSettings } from "./call-settings.js";
import { requestFilters } from "./filter-options.js";
import { matcherOf } from "./local-filter.js";
import type { CallOptions, FilterOptions, GetOptions, ReconnectOptions, SubOptions } from "./options.js";
import { type ReconnectSettings, reconnectSettings } from "./reconnect-settings.js";
import type { StreamStatus } from "./status.js";
import { timeOption } from "./time-option.js";

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
  const filters = requestFilters(any);
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
  const since = timeOption("since", any.since);
  const until = timeOption("until", any.until);
  const request = create(OutputsRequestSchema, {
    ...(!filterLocally && { allow: filters.allow, deny: filters.deny }),
    group: any.group ?? "",
    broadcast,
    follow,
    ...(after !== undefined && { after }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    ...(acknowledge !== false && { acknowledged: 0n }),
  });
  const nameOf = (path: string) => (path === "acknowledged" ? "acknowledge" : filters.nameOf(path));
  const refused = refusal(method, request, nameOf) ?? refusedFilters(filters, nameOf);
  if (refused !== undefined) throw new FalcoError(refused, Code.InvalidArgument);
  return {
    method,
    request,
    call: callSettings(any),
    needsOurServer: request.group !== "" || broadcast || follow || acknowledge !== false,
    acknowledge: acknowledge === true ? "auto" : acknowledge,
    isWhole: method === "get" && !follow,
    passes: filterLocally ? matcherOf(filters.allow, filters.deny) : undefined,
    reconnect: method === "sub" || follow ? reconnect : undefined,
    pollIntervalMs,
    drainTimeoutMs,
    onStatus,
  };
}

function isSequence(value: unknown): boolean {
  return typeof value === "bigint" && value >= 0n && value <= maxSequence;
}
