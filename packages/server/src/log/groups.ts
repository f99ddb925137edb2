import { Code, FalcoError } from "@falco-outputs/core";
import type { BroadcastSubscription, Cursor, GroupStats, LogStats, Subscription } from "./alert-log.js";
import type { AlertStore } from "./alert-store.js";
import type { Filter } from "./filter/filter.js";
import { Group } from "./group.js";
import type { GroupPlace } from "./group-place.js";
import type { Loss } from "./loss.js";

export interface GroupsOptions {
  /** How many there are at most; beyond, those without members are forgotten. */
  readonly maxGroups: number;
  /** How many responses a stream may leave unacknowledged. */
  readonly window: number;
  /** Called when alerts are lost that a group (the shared queue: "") had not taken. */
  readonly onLoss: (group: string, count: number) => void;
  /** Called when the place of a group is another, or it is gone. */
  readonly onMoved: (group: string) => void;
}

const sharedQueue = "";

/** The places in a log from which subscribers read: the shared queue, groups and broadcasts. */
export class Groups {
  readonly #store: AlertStore;
  /** The sequence number before the first that is of this log. */
  readonly #origin: number;
  readonly #options: GroupsOptions;
  /** In the order in which they were last left; those with members have no order. */
  readonly #groups = new Map<string, Group>();
  readonly #broadcasts = new Set<Group>();

  /** @param places Where groups were, in the order in which they were last left. */
  constructor(
    store: AlertStore,
    origin: number,
    options: GroupsOptions,
    places: ReadonlyMap<string, GroupPlace> = new Map(),
  ) {
    this.#store = store;
    this.#origin = origin;
    this.#options = options;
    this.#groups.set(sharedQueue, this.#createGroup(sharedQueue, store.first));
    for (const [name, place] of places) {
      const group = this.#createGroup(name, Math.min(place.position, store.end));
      this.#groups.set(name, group);
      group.restore(place);
    }
  }

  /** The log grew, or shrank at its old end. */
  changed(): void {
    for (const group of this.#groups.values()) group.changed();
    for (const broadcast of this.#broadcasts) broadcast.changed();
  }

  /** @throws FalcoError, see `AlertLog.open`. */
  open(subscription: Subscription, onEvicted: (reason: Error) => void = () => undefined): Cursor {
    const { mode, follow } = subscription;
    if (mode === "broadcast") return this.#openBroadcast(subscription, onEvicted);
    const window = subscription.acknowledge ? this.#options.window : 0;
    if (mode === "shared") return this.#groups.get(sharedQueue)!.join({ follow, window, onEvicted });
    const name = subscription.group;
    const group = this.#groupFor(name, subscription.after, subscription.filter);
    const onLeft = () => {
      // After those that were left before; a forgotten group stays forgotten.
      if (this.#groups.get(name) === group && this.#groups.delete(name)) this.#groups.set(name, group);
    };
    return group.join({ follow, window, onEvicted, onLeft });
  }

  /** @throws FalcoError, see `AlertLog.forget`. */
  forget(name: string): void {
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
    this.#options.onMoved(name);
  }

  has(name: string): boolean {
    return this.#groups.has(name);
  }

  /** Where a group is; undefined if there is none of that name. */
  placeOf(name: string): GroupPlace | undefined {
    return this.#groups.get(name)?.place;
  }

  stats(): Pick<LogStats, "groups" | "broadcast"> {
    return {
      groups: Object.fromEntries([...this.#groups].map(([name, group]) => [name, group.stats()])),
      broadcast: [...this.#broadcasts].map((group) => group.stats()).reduce(add, nothing),
    };
  }

  close(): void {
    for (const group of [...this.#groups.values(), ...this.#broadcasts]) group.close();
  }

  #openBroadcast(
    { follow, after, filter, window }: BroadcastSubscription,
    onEvicted: (reason: Error) => void,
  ): Cursor {
    const { position, loss } = this.#start(after);
    const group = new Group(this.#store, position, "slow", { onLoss: ignore, onMoved: ignore });
    if (loss !== undefined) group.tell(loss);
    group.select(filter, window);
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
    group.select(filter, undefined);
    this.#groups.set(name, group);
    this.#options.onMoved(name);
    return group;
  }

  #createGroup(name: string, position: number): Group {
    const { onLoss, onMoved } = this.#options;
    const group: Group = new Group(this.#store, position, "overflow", {
      onLoss: (count) => {
        // Where all subscribe to groups or broadcasts, nobody misses what the shared queue loses.
        const unused =
          name === sharedQueue && !group.wasJoined && this.#groups.size + this.#broadcasts.size > 1;
        if (!unused) onLoss(name, count);
      },
      onMoved: () => onMoved(name),
    });
    return group;
  }

  #makeRoom(): void {
    const { maxGroups, onMoved } = this.#options;
    if (this.#groups.size <= maxGroups) return;
    for (const [name, group] of this.#groups) {
      if (name === sharedQueue || !group.isEmpty) continue;
      this.#groups.delete(name);
      onMoved(name);
      return;
    }
    throw new FalcoError(
      `there are ${maxGroups} groups with members, no more are taken`,
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

function ignore(): void {}

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
