import { create } from "@bufbuild/protobuf";
import { type Alert, toPriority } from "../alert.js";
import { type OutputsRequest, OutputsRequestSchema, refusal } from "../contract.js";
import { Code, FalcoError } from "../error.js";
import type { AlertFilter, CallOptions, GetOptions, ReconnectOptions, SubOptions } from "./options.js";
import type { StreamStatus } from "./status.js";

/** What a stream is to do: options with their defaults, checked. */
export interface Plan {
  readonly method: "sub" | "get";
  readonly request: OutputsRequest;
  readonly call: CallOptions;
  /** Whether Falco's own server would take the request for another one. */
  readonly needsOurServer: boolean;
  readonly acknowledge: false | "auto" | "manual";
  readonly passes: ((alert: Alert) => boolean) | undefined;
  /** Undefined: a lost connection is the stream's end. */
  readonly reconnect: Required<ReconnectOptions> | undefined;
  readonly pollIntervalMs: number;
  readonly onStatus: (status: StreamStatus) => void;
}

const defaultReconnect = {
  waitOnFirstConnect: false,
  maxAttempts: Number.POSITIVE_INFINITY,
  initialDelayMs: 100,
  maxDelayMs: 30_000,
};
const defaultPollIntervalMs = 100;

/** All options there are, as they come from JavaScript, where nothing keeps them from being combined. */
type AnyOptions = CallOptions &
  AlertFilter & {
    group?: string;
    broadcast?: boolean;
    after?: bigint;
    follow?: boolean;
    acknowledge?: boolean | "manual";
    filterLocally?: boolean;
    reconnect?: ReconnectOptions | false;
    onStatus?: (status: StreamStatus) => void;
    pollIntervalMs?: number;
  };

/** @throws FalcoError with InvalidArgument for options that make no sense, in the words that the server would use. */
export function planOf(method: "sub" | "get", options: SubOptions | GetOptions): Plan {
  const any = options as AnyOptions;
  const { acknowledge = false, reconnect = {}, pollIntervalMs = defaultPollIntervalMs, follow = false } = any;
  if (!(pollIntervalMs > 0)) throw invalid(`pollIntervalMs: ${pollIntervalMs}, expected more than 0`);
  const filter = filterOf(any);
  const locally = any.filterLocally === true;
  if (locally && (any.group !== undefined || any.broadcast === true)) {
    throw invalid("filterLocally: the server filters groups and broadcasts itself");
  }
  if (any.group === "") throw invalid('group: "", expected a name');
  const request = create(OutputsRequestSchema, {
    ...(locally ? {} : filter),
    group: any.group ?? "",
    broadcast: any.broadcast ?? false,
    follow,
    ...(any.after !== undefined && { after: any.after }),
    ...(acknowledge !== false && { acknowledged: 0n }),
  });
  const refused = refusal(method, request);
  if (refused !== undefined) throw invalid(refused);
  const { group, broadcast } = request;
  return {
    method,
    request,
    call: any,
    needsOurServer: group !== "" || broadcast || follow || acknowledge !== false,
    acknowledge: acknowledge === true ? "auto" : acknowledge,
    passes: locally ? matcherOf(filter) : undefined,
    reconnect:
      reconnect !== false && (method === "sub" || follow) ? { ...defaultReconnect, ...reconnect } : undefined,
    pollIntervalMs,
    onStatus: (status) => tell(any.onStatus, status),
  };
}

function filterOf({ minPriority, tags = [], rules = [], sources = [], hostnames = [] }: AlertFilter) {
  return {
    // A number is judged with the rest of the request, in the server's words.
    ...(minPriority !== undefined && {
      minPriority: typeof minPriority === "number" ? minPriority : toPriority(minPriority),
    }),
    tags: [...tags],
    rules: [...rules],
    sources: [...sources],
    hostnames: [...hostnames],
  };
}

/** The same decision as the server's. */
function matcherOf({ minPriority, tags, rules, sources, hostnames }: ReturnType<typeof filterOf>) {
  const any = (values: readonly string[], wanted: readonly string[]) =>
    wanted.length === 0 || values.some((value) => wanted.includes(value));
  return (alert: Alert): boolean =>
    (minPriority === undefined || alert.priority <= minPriority) &&
    any(alert.tags, tags) &&
    any([alert.rule], rules) &&
    any([alert.source], sources) &&
    any([alert.hostname], hostnames);
}

/** What the callback throws ends the stream, and is not taken for a connection that failed. */
function tell(onStatus: AnyOptions["onStatus"], status: StreamStatus): void {
  try {
    onStatus?.(status);
  } catch (cause) {
    throw invalid(`onStatus threw: ${cause}`, cause);
  }
}

function invalid(message: string, cause?: unknown): FalcoError {
  return new FalcoError(message, Code.InvalidArgument, { cause });
}
