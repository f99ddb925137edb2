import { Code, FalcoError } from "@falco-outputs/core";
import { wholeNumber } from "@falco-outputs/core/options";
import type { AlertBatch } from "../alert-batch.js";
import type {
  AlertLog,
  Appended,
  BroadcastSubscription,
  Cursor,
  GroupStats,
  LogStats,
  Subscription,
} from "./alert-log.js";
import type { Filter } from "./filter.js";
import { FrameStore } from "./frame-store.js";
import { Group } from "./group.js";
import type { Loss } from "./loss.js";
import { slabBytes } from "./slab.js";

export interface MemoryLogOptions {
  /** How many alerts are retained at most. Default: 100,000. */
  maxAlerts?: number;
  /** How much memory they take at most, in bytes; at least 4 MiB. Default: 128 MiB. */
  maxBytes?: number;
  /** How much memory streams being written may hold in addition, in bytes. Default: 64 MiB. */
  maxPinnedBytes?: number;
  /** How many groups there are at most; beyond, those without members are forgotten. Default: 1,000. */
  maxGroups?: number;
  /** How many responses a stream may leave unacknowledged. Default: 4,096. */
  window?: number;
  /** Called when the bound evicted alerts that a group (the shared queue: "") had not taken. */
  onLoss?: (group: string, count: number) => void;
}

const mebibyte = 1024 * 1024;
const leastMaxBytes = 4 * slabBytes;
const sharedQueue = "";

/** The alert log in memory: it does not survive a restart of the process. */
export class MemoryLog implements AlertLog {
  readonly #maxGroups: number;
  readonly #window: number;
  readonly #onLoss: (group: string, count: number) => void;
  readonly #store: FrameStore;
  /** The sequence number before the very first one. */
  readonly #origin: number;
  /** In the order in which they were last left; those with members have no order. */
  readonly #groups = new Map<string, Group>();
  readonly #broadcasts = new Set<Group>();

  /** @throws OptionError */
  constructor(options: MemoryLogOptions = {}) {
    const bounds = {
      maxAlerts: wholeNumber("maxAlerts", options.maxAlerts, 100_000),
      maxBytes: wholeNumber("maxBytes", options.maxBytes, 128 * mebibyte, { least: leastMaxBytes }),
      maxPinnedBytes: wholeNumber("maxPinnedBytes", options.maxPinnedBytes, 64 * mebibyte, { least: 0 }),
    };
    this.#maxGroups = wholeNumber("maxGroups", options.maxGroups, 1_000);
    this.#window = wholeNumber("window", options.window, 4_096);
    this.#onLoss = options.onLoss ?? (() => undefined);
    // An earlier log has smaller numbers than a later one, so the two cannot be confused.
    this.#origin = Date.now() * 1000;
    this.#store = new FrameStore(this.#origin + 1, bounds);
    this.#groups.set(sharedQueue, this.#createGroup(sharedQueue, this.#store.first));
  }

  append(batch: AlertBatch): Appended {
    const first = this.#store.end;
    this.#store.append(batch);
    for (const group of this.#groups.values()) group.changed();
    for (const broadcast of this.#broadcasts) broadcast.changed();
    return { first, last: this.#store.end - 1 };
  }

  async open(
    subscription: Subscription,
    onEvicted: (reason: Error) => void = () => undefined,
  ): Promise<Cursor> {
    const { mode, follow } = subscription;
    if (mode === "broadcast") return this.#openBroadcast(subscription, onEvicted);
    const window = subscription.acknowledge ? this.#window : 0;
    if (mode === "shared") return this.#groups.get(sharedQueue)!.join({ follow, window, onEvicted });
    const name = subscription.group;
    const group = this.#groupFor(name, subscription.after, subscription.filter);
    const onLeft = () => {
      // After those that were left before; a forgotten group stays forgotten.
      if (this.#groups.get(name) === group && this.#groups.delete(name)) this.#groups.set(name, group);
    };
    return group.join({ follow, window, onEvicted, onLeft });
  }

  async forget(name: string): Promise<void> {
    if (name === sharedQueue) {
      throw new FalcoError("the shared queue is not a group: it cannot be forgotten", Code.InvalidArgument);
    }
    const group = this.#groups.get(name);
    if (group === undefined) throw new FalcoError(`there is no group ${quoted(name)}`, Code.NotFound);
    if (!group.isEmpty) {
      const { members } = group.stats();
      throw new FalcoError(
        `the group ${quoted(name)} has ${members === 1 ? "a member" : `${members} members`}: it can be forgotten once it is empty`,
        Code.FailedPrecondition,
      );
    }
    this.#groups.delete(name);
  }

  stats(): LogStats {
    const retained = this.#store.end - this.#store.first;
    return {
      appended: this.#store.end - this.#origin - 1,
      retained,
      first: retained === 0 ? 0 : this.#store.first,
      last: retained === 0 ? 0 : this.#store.end - 1,
      earliestUs: this.#store.earliestUs,
      latestUs: this.#store.latestUs,
      retainedBytes: this.#store.bytes,
      pinnedBytes: this.#store.pinnedBytes,
      groups: Object.fromEntries([...this.#groups].map(([name, group]) => [name, group.stats()])),
      broadcast: [...this.#broadcasts].map((group) => group.stats()).reduce(add, nothing),
    };
  }

  close(): Promise<void> {
    for (const group of [...this.#groups.values(), ...this.#broadcasts]) group.close();
    this.#store.clear();
    return Promise.resolve();
  }

  #openBroadcast(
    { follow, after, filter, window }: BroadcastSubscription,
    onEvicted: (reason: Error) => void,
  ): Cursor {
    const { position, loss } = this.#start(after);
    const group = new Group(this.#store, position, "slow", () => undefined);
    if (loss !== undefined) group.tell(loss);
    group.setFilter(filter);
    group.setWindow(window);
    this.#broadcasts.add(group);
    const onLeft = () => this.#broadcasts.delete(group);
    return group.join({ follow, window: 0, onEvicted, onLeft });
  }

  #groupFor(name: string, after: number | undefined, filter: Filter | undefined): Group {
    let group = this.#groups.get(name);
    if (group === undefined) {
      this.#makeRoom();
      const { position, loss } = this.#start(after);
      group = this.#createGroup(name, position);
      if (loss !== undefined) group.tell(loss);
    }
    group.setFilter(filter);
    this.#groups.set(name, group);
    return group;
  }

  #createGroup(name: string, position: number): Group {
    const group: Group = new Group(this.#store, position, "overflow", (count) => {
      // Where all subscribe to groups or broadcasts, nobody misses what the shared queue loses.
      const unused =
        name === sharedQueue && !group.wasJoined && this.#groups.size + this.#broadcasts.size > 1;
      if (!unused) this.#onLoss(name, count);
    });
    return group;
  }

  #makeRoom(): void {
    if (this.#groups.size <= this.#maxGroups) return;
    for (const [name, group] of this.#groups) {
      if (name === sharedQueue || !group.isEmpty) continue;
      this.#groups.delete(name);
      return;
    }
    throw new FalcoError(
      `there are ${this.#maxGroups} groups with members, no more are taken`,
      Code.ResourceExhausted,
    );
  }

  /** Where to start after `after`. Numbers outside this log are from another log. */
  #start(after: number | undefined): { position: number; loss?: Loss } {
    const { first, end } = this.#store;
    if (after === undefined) return { position: end };
    if (after === 0) return { position: first };
    if (after < this.#origin || after >= end) {
      return { position: first, loss: { cause: "restart", range: undefined } };
    }
    return { position: after + 1 };
  }
}

/** A name for an error's text, cut where it is long. */
function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 100));
}

const nothing: GroupStats = {
  members: 0,
  joined: 0,
  delivered: 0,
  redelivered: 0,
  filtered: 0,
  lost: 0,
  waiting: 0,
};

function add(one: GroupStats, two: GroupStats): GroupStats {
  return {
    members: one.members + two.members,
    joined: one.joined + two.joined,
    delivered: one.delivered + two.delivered,
    redelivered: one.redelivered + two.redelivered,
    filtered: one.filtered + two.filtered,
    lost: one.lost + two.lost,
    waiting: one.waiting + two.waiting,
  };
}
