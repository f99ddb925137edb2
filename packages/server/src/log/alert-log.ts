import type { AlertBatch } from "../alert-batch.js";
import type { Filter } from "./filter/filter.js";
import type { TimeWindow } from "./filter/time-window.js";

/** The sequence numbers of a batch's alerts. They fit a number: microseconds stay below 2^53 until 2255. */
export interface Appended {
  readonly first: number;
  readonly last: number;
}

/** Which alerts a cursor gets, and with whom it shares them. */
export type Subscription = SharedSubscription | GroupSubscription | BroadcastSubscription;

/** Falco's shared queue: each alert goes to one cursor. Starts with the oldest alert that nobody has taken. */
export interface SharedSubscription {
  readonly mode: "shared";
  /** Whether `next` waits for new alerts when there is nothing left, or ends. */
  readonly follow: boolean;
  /** Whether alerts are held until they are acknowledged. */
  readonly acknowledge: boolean;
}

/** The members of a group share its alerts; every group gets all of them. */
export interface GroupSubscription {
  readonly mode: "group";
  readonly group: string;
  readonly follow: boolean;
  readonly acknowledge: boolean;
  /** Where the group starts, if it is new: after this sequence number. Undefined: with new alerts. */
  readonly after: number | undefined;
  /** The same for all members; it can be replaced only while there are no members. */
  readonly filter: Filter | undefined;
}

/** This cursor gets every alert and shares with nobody. */
export interface BroadcastSubscription {
  readonly mode: "broadcast";
  readonly follow: boolean;
  /** Starts after this sequence number. Undefined: with new alerts. */
  readonly after: number | undefined;
  readonly filter: Filter | undefined;
  readonly window: TimeWindow | undefined;
}

/** Whole gRPC frames (a length-prefixed message each, uncompressed), ready to be written to a stream. */
export interface Slice {
  readonly bytes: Uint8Array;
  /** How many responses they are; 0 for a heartbeat. */
  readonly count: number;
  /** It reports a loss, of which there are more to report at once, or which is the last one. */
  readonly loss?: "more" | "last";
}

/** A reader's place in the log. */
export interface Cursor {
  /** The sequence number after which this cursor starts. */
  readonly position: number;
  /** The sequence number up to which this cursor has looked at alerts. */
  readonly scanned: number;
  /** How many responses may be unacknowledged before `next` waits; 0 without acknowledgement. */
  readonly window: number;
  /**
   * The next frames, at most `maxBytes` of them, or a single one that is larger. Alerts that the log lost before this
   * cursor reached them are reported by a frame of their own. Undefined when there is nothing left and the subscription
   * does not follow. One call at a time; it releases the slice before.
   * @throws the reason of `signal`, when it aborts while this waits.
   */
  next(maxBytes: number, signal: AbortSignal): Slice | undefined | Promise<Slice | undefined>;
  /**
   * Has a `next` that waits return at once, with a heartbeat: a frame that is not an alert, and says how far this cursor has
   * looked. Returns false, and does nothing, if none waits.
   */
  heartbeat(): boolean;
  /**
   * The first `count` frames that this cursor returned are done. A smaller count than before is ignored.
   * @throws FalcoError with InvalidArgument if it has returned fewer.
   */
  acknowledge(count: number): void;
  /** What was not acknowledged goes to the other members. */
  close(): Promise<void>;
}

/** What became of the alerts that were appended since a group began. */
export interface GroupStats {
  /** Connected cursors. */
  readonly members: number;
  /** Cursors that were ever opened. */
  readonly joined: number;
  /** Handed to a member, and acknowledged where that is asked for. */
  readonly delivered: number;
  /** Handed out again, because a member left without acknowledging them. */
  readonly redelivered: number;
  readonly filtered: number;
  /** Evicted by the bound before they were delivered. */
  readonly lost: number;
  /** Neither delivered nor filtered nor lost yet. */
  readonly waiting: number;
}

/** How a log on a disk is. */
export interface DiskStats {
  /** The size of its files. */
  readonly bytes: number;
  /** Alerts that are in memory, and not yet on the disk. */
  readonly unwritten: number;
  /** Alerts since the start that never came to the disk, because memory could not hold them during an outage. */
  readonly missed: number;
  /** Alerts on the disk that could not be read. */
  readonly unreadable: number;
  /** Why the disk does not take alerts now; undefined if it does. */
  readonly outage: string | undefined;
}

export interface LogStats {
  /** Alerts appended since the start. */
  readonly appended: number;
  /** Alerts held now. */
  readonly retained: number;
  /** The sequence numbers of the oldest and the newest of them; 0 if there are none. */
  readonly first: number;
  readonly last: number;
  /**
   * The least and the greatest time of theirs, in microseconds since 1970; undefined if there are none. An alert without
   * a time has that of its arrival.
   */
  readonly earliestUs: number | undefined;
  readonly latestUs: number | undefined;
  /** How often a filter or a time window looked at an alert since the start. What is skipped by its time does not count. */
  readonly looked: number;
  /** Memory that holds them, in bytes. */
  readonly retainedBytes: number;
  /** Memory that only streams being written hold, in bytes: evicted alerts, and copies. */
  readonly pinnedBytes: number;
  /** Undefined for a log that is only in memory. */
  readonly disk?: DiskStats;
  /** The shared queue is the group "". */
  readonly groups: Readonly<Record<string, GroupStats>>;
  /** All current broadcast cursors together. */
  readonly broadcast: GroupStats;
}

/** An append-only, bounded log of alerts. Asynchronous, so that an engine may be on another machine. */
export interface AlertLog {
  append(batch: AlertBatch): Appended | Promise<Appended>;
  /**
   * @param onEvicted Called when the log takes back the cursor's last slice, of which nothing more may be written.
   * @throws FalcoError with FailedPrecondition if the group has another filter, ResourceExhausted if there are too
   * many groups.
   */
  open(subscription: Subscription, onEvicted?: (reason: Error) => void): Promise<Cursor>;
  /**
   * Forgets a group, with its place and what waits for it.
   * @throws FalcoError with NotFound if there is no such group, FailedPrecondition if it has members, InvalidArgument for
   * the shared queue.
   */
  forget(group: string): Promise<void>;
  stats(): LogStats;
  close(): Promise<void>;
}
