import type { PriorityLike } from "../priority.js";
import type { StreamStatus } from "./status.js";

/** What every call takes. */
export interface CallOptions {
  /**
   * Ends the call. `sub`, and `get` that follows, then end without an error, once the body of the loop is done. Any
   * other `get` is cut short by it, and throws a FalcoError with Canceled.
   */
  signal?: AbortSignal;
  /**
   * The call's deadline, in milliseconds from its start, reconnections included; after it, the call fails with
   * DeadlineExceeded. At most 2,147,483,647 (24 days). Default: none.
   */
  timeoutMs?: number;
  /** Headers to send along. */
  headers?: CallHeaders;
}

/** Headers by name; the type is HeadersInit of fetch's, which not every program knows. */
export type CallHeaders = Readonly<Record<string, string>> | Iterable<readonly [string, string]>;

/**
 * Chooses alerts: every part that is given must match; of several values, any. Values are compared with the whole text,
 * and case matters. In a value, `*` is any run of characters, also an empty one; `\*` is a star (in code: `"\\*"`).
 */
export interface AlertFilter {
  /** At least this severe. */
  minPriority?: PriorityLike;
  rules?: readonly string[];
  sources?: readonly string[];
  hostnames?: readonly string[];
  /** One of the alert's tags is enough. */
  tags?: readonly string[];
  /**
   * Output fields by their exact name, e.g. `{ "k8s.ns.name": "shop", "proc.name": ["bash", "*sh"] }`; each must match.
   * An empty list: the alert has the field, whatever its value ("<NA>" included).
   */
  fields?: Readonly<Record<string, string | readonly string[]>>;
}

/**
 * Which alerts a stream gets: those that match a filter of `allow`, if there is one, and none of `deny`. The parts of a
 * filter can stand here themselves, in place of an `allow` with that one filter. At most 100 filters, with 1,000 values and
 * names of fields, which take at most 65,536 bytes.
 */
export interface FilterOptions extends AlertFilter {
  /** Only alerts that match one of these. */
  allow?: readonly AlertFilter[];
  /** No alerts that match one of these. */
  deny?: readonly AlertFilter[];
}

type Never<Keys extends PropertyKey> = { [Key in Keys]?: never };

/** Where only a broadcast can start and end. */
type TimeWindow = "since" | "until";

/** Falco's shared queue: each alert goes to one subscriber. It has no filter: what does not match would be lost. */
interface SharedQueue extends Never<keyof FilterOptions | "group" | "broadcast" | "after" | TimeWindow> {
  filterLocally?: false;
}

/** The shared queue of any server, filtered on this side: what does not match is taken from the queue all the same. */
interface LocallyFiltered extends FilterOptions, Never<"group" | "broadcast" | "after" | TimeWindow> {
  filterLocally: true;
}

/** A group: its members share its alerts, every group gets all of them. */
interface Group extends FilterOptions, Never<"broadcast" | "filterLocally" | TimeWindow> {
  group: string;
  /** Where the group starts, if it is new: after this sequence number; 0n: with the oldest retained. Default: now. */
  after?: bigint;
}

/** Every alert, shared with nobody. */
interface Everything extends FilterOptions, Never<"group" | "acknowledge" | "filterLocally"> {
  broadcast: true;
  /**
   * Starts after this sequence number; 0n: with the oldest retained. Default: `sub` starts now, `get` with the oldest
   * retained.
   */
  after?: bigint;
  /**
   * No alerts that are older: a Date, or nanoseconds since 1970, in the years 1 to 9999. It is compared with the alert's
   * own time; an alert without one has the time of its arrival. Without `after`, the stream starts with the oldest
   * retained alert that matches.
   */
  since?: Date | bigint;
}

/** Every alert from some place on. */
interface Broadcast extends Everything, Never<"until"> {}

/** The alerts of a time that ends. */
interface Ended extends Everything {
  /** Only alerts that are older: as `since`, and later. For a `get` that does not follow. */
  until?: Date | bigint;
  follow?: false;
}

export interface ReconnectOptions {
  /** Whether to go on trying when the client's very first connection fails, too. Default: false. */
  waitOnFirstConnect?: boolean;
  /** How many attempts in a row may fail before the error is thrown; 0: a stream does not come back. Default: Infinity. */
  maxAttempts?: number;
  /**
   * The longest wait before the first attempt, in milliseconds; it doubles with each. The waits are random, up to it.
   * Default: 100.
   */
  initialDelayMs?: number;
  /** What it doubles up to, in milliseconds. Default: 30,000, or 1,000 on a unix socket. */
  maxDelayMs?: number;
}

/** What a stream that stays open takes. */
interface Following {
  /** How to come back after the connection was lost; false: not at all. */
  reconnect?: ReconnectOptions | false;
  /** Told what becomes of the connection, and of losses. What it throws ends the stream, and reaches its caller as it is. */
  onStatus?: (status: StreamStatus) => void;
}

interface Polling {
  /**
   * How often Falco's own server, which answers only to requests, is asked, in milliseconds. Default: 100. Our server
   * is never asked twice.
   */
  pollIntervalMs?: number;
}

/** Alerts are held by the server until they are acknowledged, and go to another subscriber if this one dies. */
interface Acknowledging {
  /**
   * true: an alert is acknowledged when the loop comes back for the next one. "manual": the stream's `acknowledge`
   * does it. Default: false.
   */
  acknowledge?: boolean | "manual";
  /**
   * How long a stream that is stopped, by its signal or by `close` of its client, waits for what it gave to be
   * acknowledged, in milliseconds. Default: 10,000.
   */
  drainTimeoutMs?: number;
}

export type SubOptions = CallOptions &
  Following &
  Polling &
  ((SharedQueue & Acknowledging) | (LocallyFiltered & Acknowledging) | (Group & Acknowledging) | Broadcast);

export type GetOptions = CallOptions &
  Following &
  Never<"acknowledge"> &
  (((SharedQueue | LocallyFiltered | Group | Broadcast) & { follow?: boolean }) | Ended);
