import assert from "node:assert/strict";
import { Code, FalcoError } from "@falco-outputs/core";
import type { AlertLog, BroadcastSubscription, Cursor, Slice, Subscription } from "../alert-log.js";
import { everything, type KnownFilter, kinds } from "./alert-kinds.js";
import { alertsOf, batchOf, lossOf } from "./alerts.js";
import { checkStats, type Given, GroupModel, sumOf } from "./group-model.js";

/** What runs the suite: how to make a log that is bounded so, and how to know that it is at rest. */
export interface Engine {
  readonly bounds: EngineBounds;
  /** A new log. Its sequence numbers lie above those of the logs before. */
  create(): AlertLog | Promise<AlertLog>;
  /** The last log again, after it was closed; undefined for an engine whose logs end with the process. */
  readonly reopen?: () => Promise<AlertLog>;
  /** Resolves when the log has given all that it can give to those who ask. */
  atRest(): Promise<void>;
}

export interface EngineBounds {
  readonly maxAlerts: number;
  /** Whether it keeps more than `maxAlerts`, because it removes many at once, which it does not look at first. */
  readonly isCoarse?: boolean;
  readonly maxBytes: number;
  readonly window: number;
}

/** An open cursor, and what it was given. */
export interface Member {
  readonly cursor: Cursor;
  readonly subscription: Subscription;
  readonly filter: KnownFilter;
  readonly group: GroupModel;
  readonly given: Given[];
  readonly stop: AbortController;
  acknowledged: number;
  /** The highest sequence number that it was given. */
  highest: number | undefined;
  asks: boolean;
  ended: boolean;
  stalled: boolean;
}

interface NamedGroup {
  readonly model: GroupModel;
  filter: KnownFilter;
}

interface Arrival {
  readonly member: Member;
  readonly maxBytes: number;
  readonly slice?: Slice | undefined;
  readonly error?: unknown;
}

const sharedQueue = "";

/** A log and its model, side by side: each step is done to both, then they are compared. */
export class Trial {
  readonly groups = new Map<string, NamedGroup>();
  members: Member[] = [];
  #log!: AlertLog;
  #origin = 0;
  #end = 0;
  /** Which kind the alerts are of, and their text, from the first one on. */
  #appended: { kind: number; output: string }[] = [];
  /** How many of them before the last restart. */
  #appendedBefore = 0;
  /** The sequence number of the oldest alert when the log was opened. */
  #oldest = 0;
  /** Whether only small alerts were appended, so that only their number bounds the log. */
  #small = true;
  #arrivals: Arrival[] = [];
  #closed = false;

  private constructor(readonly engine: Engine) {}

  static async start(engine: Engine): Promise<Trial> {
    const trial = new Trial(engine);
    await trial.#createLog();
    return trial;
  }

  /** The sequence number behind which this log begins. */
  get origin(): number {
    return this.#origin;
  }

  /** The sequence number of the last alert, or the origin. */
  get last(): number {
    return this.#end - 1;
  }

  /** The sequence number of the oldest alert retained. */
  get first(): number {
    return this.#end - this.#log.stats().retained;
  }

  async append(kindsOfAlerts: readonly number[], bytesEach = 0): Promise<void> {
    const alerts = kindsOfAlerts.map((kind, index) => ({
      kind,
      output: `${this.#end + index} ${"x".repeat(bytesEach)}`,
    }));
    const batch = batchOf(...alerts.map(({ kind, output }) => ({ ...kinds[kind]!, output })));
    if (bytesEach > 0) this.#small = false;
    const { first, last } = await this.#log.append(batch);
    assert.deepEqual([first, last], [this.#end, this.#end + alerts.length - 1]);
    this.#appended.push(...alerts);
    this.#end = last + 1;
    for (const group of this.#models()) {
      group.appended(this.#end);
      group.evicted(this.first);
    }
    await this.#compare();
  }

  /** Opens a cursor, or sees it refused as it should. */
  async open(subscription: Subscription, filter: KnownFilter): Promise<void> {
    const named = this.groups.get(nameOf(subscription) ?? "not a group");
    const opening = this.#log.open(subscription, (reason) => assert.fail(reason));
    if (named !== undefined && named.model.members > 0 && named.filter !== filter) {
      await assert.rejects(opening, (error: FalcoError) => error.code === Code.FailedPrecondition);
      return this.#compare();
    }
    const cursor = await opening;
    const group = this.#groupFor(subscription, filter, cursor);
    group.join();
    const acknowledge = subscription.mode !== "broadcast" && subscription.acknowledge;
    assert.equal(cursor.window, acknowledge ? this.engine.bounds.window : 0);
    this.members.push({
      ...{ cursor, subscription, filter, group, given: [], stop: new AbortController() },
      ...{ acknowledged: 0, highest: undefined, asks: false, ended: false, stalled: false },
    });
    await this.#compare();
  }

  /** Members ask for their next alerts, unless they wait for some already. */
  async read(members: readonly Member[], maxBytes: number): Promise<void> {
    for (const member of members) {
      if (member.asks || member.stalled || member.ended) continue;
      member.asks = true;
      const arrive = (arrival: Pick<Arrival, "slice" | "error">) =>
        this.#arrivals.push({ member, maxBytes, ...arrival });
      const asked = async () => member.cursor.next(maxBytes, member.stop.signal);
      asked().then(
        (slice) => arrive({ slice }),
        (error) => arrive({ error }),
      );
    }
    await this.#compare();
  }

  async acknowledge(member: Member, count: number): Promise<void> {
    const { cursor, given, group } = member;
    if (count > given.length) {
      assert.throws(
        () => cursor.acknowledge(count),
        (error: FalcoError) => error instanceof FalcoError && error.code === Code.InvalidArgument,
      );
    } else {
      cursor.acknowledge(count);
      for (const item of given.slice(member.acknowledged, count)) group.acknowledged(item);
      member.acknowledged = Math.max(member.acknowledged, count);
    }
    await this.#compare();
  }

  /** Ends a cursor, whatever it did not acknowledge. */
  async kill(member: Member): Promise<void> {
    this.members = this.members.filter((other) => other !== member);
    member.stop.abort(killed);
    await member.cursor.close();
    member.group.leave();
    if (member.cursor.window > 0) {
      member.group.giveBack(member.given.slice(member.acknowledged), this.first);
    }
    await this.#compare();
  }

  /** The log goes, another one comes; members reconnect to it, each behind what it had. */
  async restart(appendedMeanwhile: readonly number[]): Promise<void> {
    const reconnecting = this.members;
    this.#closed = true;
    await this.#log.close();
    await this.#compare();
    for (const member of reconnecting) await member.cursor.close();
    this.members = [];
    if (this.engine.reopen === undefined) await this.#createLog();
    else await this.#reopenLog(reconnecting, this.engine.reopen);
    await this.append(appendedMeanwhile);
    for (const { subscription, filter, highest, cursor } of reconnecting) {
      const after = highest ?? cursor.position;
      await this.open(subscription.mode === "shared" ? subscription : { ...subscription, after }, filter);
    }
  }

  /** All that is left is read; then every alert must be accounted for. */
  async finish(): Promise<void> {
    for (const member of this.members) {
      member.stalled = false;
      if (member.subscription.mode !== "broadcast" || member.ended) await this.kill(member);
    }
    for (const [group, { filter }] of this.groups) {
      const options = { follow: false, acknowledge: true, after: undefined, filter: filter.forms[0] };
      await this.open(
        group === sharedQueue ? { ...options, mode: "shared" } : { ...options, mode: "group", group },
        filter,
      );
    }
    while (this.members.some((member) => !member.ended && !(member.asks && member.subscription.follow))) {
      await this.read(this.members, 2000);
      for (const member of this.members) {
        if (member.cursor.window > 0) await this.acknowledge(member, member.given.length);
      }
    }
    for (const { model } of this.groups.values()) assert.equal(model.inFlight, 0);
    await this.engine.atRest();
    const { groups, broadcast } = this.#log.stats();
    for (const stats of [...Object.values(groups), broadcast]) assert.equal(stats.waiting, 0);
    this.#closed = true;
    await this.#log.close();
  }

  async #reopenLog(members: readonly Member[], reopen: () => Promise<AlertLog>): Promise<void> {
    this.#log = await reopen();
    this.#closed = false;
    this.#appendedBefore = this.#appended.length;
    this.#oldest = this.first;
    for (const { model } of this.groups.values()) model.restarted();
    for (const { group, given, acknowledged, cursor } of members) {
      group.leave();
      if (cursor.window > 0) group.giveBack(given.slice(acknowledged), this.first);
    }
    await this.#compare();
  }

  async #createLog(): Promise<void> {
    this.#log = await this.engine.create();
    this.#closed = false;
    this.#appended = [];
    this.#appendedBefore = 0;
    this.groups.clear();
    this.#small = true;
    const cursor = await this.#log.open({
      ...observer,
      filter: undefined,
      after: undefined,
      window: undefined,
    });
    this.#origin = cursor.position;
    this.#end = this.#origin + 1;
    this.#oldest = this.#end;
    await cursor.close();
    const model = this.#createModel(this.#end, "overflow", false, everything);
    this.groups.set(sharedQueue, { model, filter: everything });
  }

  #groupFor(subscription: Subscription, filter: KnownFilter, cursor: Cursor): GroupModel {
    const name = nameOf(subscription);
    const named = name === undefined ? undefined : this.groups.get(name);
    if (named !== undefined) {
      if (named.filter !== filter) named.model.setPasses(this.#passes(filter));
      named.filter = filter;
      const { position } = cursor;
      assert(named.model.mayHaveLookedTo(position), `a stream that says it starts after ${position}`);
      return named.model;
    }
    const { after } = subscription as BroadcastSubscription;
    const known = after === undefined || (after >= this.#oldest - 1 && after <= this.last);
    const start = after === undefined ? this.#end : after === 0 || !known ? this.first : after + 1;
    assert.equal(cursor.position, start - 1);
    const cause = name === undefined ? "slow" : "overflow";
    const model = this.#createModel(start, cause, !known && after !== 0, filter);
    model.evicted(this.first);
    if (name !== undefined) this.groups.set(name, { model, filter });
    return model;
  }

  #createModel(start: number, cause: "overflow" | "slow", restart: boolean, filter: KnownFilter): GroupModel {
    const looksFirst = this.engine.bounds.isCoarse !== true;
    return new GroupModel(start, this.#end, cause, restart, this.#passes(filter), looksFirst);
  }

  #passes({ passing }: KnownFilter): (sequence: number) => boolean {
    const [origin, appended] = [this.#origin, this.#appended];
    return (sequence) => passing.includes(appended[sequence - origin - 1]!.kind);
  }

  #models(): Set<GroupModel> {
    return new Set([
      ...[...this.groups.values()].map(({ model }) => model),
      ...this.members.map((m) => m.group),
    ]);
  }

  async #compare(): Promise<void> {
    await this.engine.atRest();
    const arrivals = this.#arrivals;
    this.#arrivals = [];
    for (const arrival of arrivals) this.#arrived(arrival);
    if (this.#closed) return;
    for (const member of this.members) {
      const { asks, group, cursor, subscription } = member;
      const outstanding = member.given.length - member.acknowledged;
      const hasRoom = cursor.window === 0 || outstanding < cursor.window;
      assert(
        group.mayHaveLookedTo(cursor.scanned),
        `a cursor that says it has looked up to ${cursor.scanned}`,
      );
      if (!asks || !hasRoom) continue;
      assert(subscription.follow && !group.hasMore, "a member that is not served");
      assert.equal(cursor.scanned, this.last, "a member that waits while there is something to look at");
    }
    this.#compareStats();
  }

  #compareStats(): void {
    const { maxAlerts, maxBytes, isCoarse = false } = this.engine.bounds;
    const stats = this.#log.stats();
    const count = this.#appended.length;
    assert.equal(stats.appended, count - this.#appendedBefore);
    if (isCoarse) assert(stats.retained >= Math.min(maxAlerts, count), `retained: ${stats.retained}`);
    else assert(stats.retained <= Math.min(maxAlerts, count), `retained: ${stats.retained}`);
    if (this.#small && !isCoarse) {
      assert.equal(stats.retained, Math.min(maxAlerts, count), "no more is evicted than has to be");
    }
    assert(stats.retainedBytes <= maxBytes, `retainedBytes: ${stats.retainedBytes}`);
    assert.deepEqual(Object.keys(stats.groups).sort(), [...this.groups.keys()].sort());
    for (const [name, { model }] of this.groups) checkStats(stats.groups[name]!, model.expected());
    const broadcasts = this.members.filter(({ subscription }) => subscription.mode === "broadcast");
    checkStats(stats.broadcast, sumOf(broadcasts.map(({ group }) => group)));
  }

  #arrived({ member, maxBytes, slice, error }: Arrival): void {
    const { cursor, group, given, subscription } = member;
    member.asks = false;
    if (error !== undefined) {
      assert.equal(error, killed);
      return;
    }
    if (slice === undefined) {
      member.ended = true;
      assert(this.#closed || (!subscription.follow && !group.hasMore), "a stream that ends too early");
      return;
    }
    assert(
      slice.count === 1 || slice.bytes.length <= maxBytes,
      `${slice.bytes.length} bytes, not ${maxBytes}`,
    );
    for (const alert of alertsOf(slice)) {
      const loss = lossOf(alert);
      if (loss === undefined) {
        const sequence = Number(alert.sequence);
        group.give(sequence, cursor.window > 0);
        const { kind, output } = this.#appended[sequence - this.#origin - 1]!;
        assert.deepEqual(
          [alert.rule, alert.tags, alert.output],
          [kinds[kind]!.rule, kinds[kind]!.tags, output],
        );
        member.highest = Math.max(member.highest ?? 0, sequence);
        given.push(sequence);
      } else {
        assert.equal(slice.count, 1);
        group.tell(loss);
        given.push(loss);
      }
    }
    const outstanding = given.length - member.acknowledged;
    assert(cursor.window === 0 || outstanding <= cursor.window, `${outstanding} are unacknowledged`);
  }
}

const killed = new Error("killed");
const observer = { mode: "broadcast", follow: true } as const;

function nameOf(subscription: Subscription): string | undefined {
  if (subscription.mode === "broadcast") return undefined;
  return subscription.mode === "shared" ? sharedQueue : subscription.group;
}
