import fc from "fast-check";
import type { Subscription } from "../alert-log.js";
import { everything, filters, kinds, windows } from "./alert-kinds.js";
import type { EngineBounds, Member, Trial } from "./trial.js";

type Command = fc.AsyncCommand<Trial, Trial>;

/** What is done to a log and to its model. */
function command(name: string, run: (trial: Trial) => Promise<void>): Command {
  return { check: () => true, run, toString: () => name };
}

/** The same for one of the cursors that are open, if any of them will do. */
function memberCommand(
  name: string,
  choice: number,
  run: (trial: Trial, member: Member) => Promise<void>,
  suits: (member: Member) => boolean = () => true,
): Command {
  const member = ({ members }: Trial) => {
    const suiting = members.filter(suits);
    return suiting[choice % suiting.length];
  };
  return {
    check: (trial) => member(trial as Trial) !== undefined,
    run: (trial) => run(trial, member(trial)!),
    toString: () => `${name} of member ${choice}`,
  };
}

const kind = fc.nat(kinds.length - 1);
const choice = fc.nat(11);
const acknowledges = ({ cursor }: Member) => cursor.window > 0;

const append = fc
  .array(kind, { maxLength: 8 })
  .map((alerts) => command(`append(${alerts})`, (trial) => trial.append(alerts)));

const overflow = ({ maxAlerts, maxBytes }: EngineBounds) =>
  fc
    .oneof(
      {
        weight: 11,
        arbitrary: fc.array(kind, { minLength: maxAlerts - 3, maxLength: maxAlerts + 10 }),
      },
      { weight: 1, arbitrary: fc.constant(undefined) },
    )
    .map((alerts) =>
      alerts === undefined
        ? command("overflow of bytes", (trial) => trial.append([0, 1, 2, 3, 0, 1], Math.ceil(maxBytes / 7)))
        : command(`overflow(${alerts})`, (trial) => trial.append(alerts)),
    );

/** Where to start; resolved when the trial is there. */
const after = fc.oneof(
  fc.constantFrom("undefined", "zero", "origin", "last", "beyond", "before", "evicted"),
  fc.nat(100),
);
type After = typeof after extends fc.Arbitrary<infer T> ? T : never;

function sequenceOf(place: After, { origin, last, first }: Trial): number | undefined {
  if (typeof place === "number") return origin + Math.round(((last - origin) * place) / 100);
  const places: Record<string, number | undefined> = {
    zero: 0,
    origin,
    last,
    beyond: last + 1,
    before: origin - 1,
  };
  return place === "evicted" ? Math.max(origin, first - 3) : places[place];
}

const join = fc
  .record({
    group: fc.constantFrom("", "", "a", "a", "b"),
    after,
    follow: fc.integer({ min: 0, max: 3 }).map((number) => number > 0),
    acknowledge: fc.integer({ min: 0, max: 3 }).map((number) => number > 0),
    filter: fc.nat(filters.length - 1),
    // Mostly the filter of those who are there: another one is refused.
    same: fc.nat(2).map((number) => number > 0),
    form: fc.nat(3),
  })
  .map((options) =>
    command(`join(${JSON.stringify(options)})`, (trial) => {
      const { group, follow, acknowledge, same, form } = options;
      // A drain does not acknowledge: the service refuses that.
      const reading = { follow, acknowledge: acknowledge && follow };
      if (group === "") return trial.open({ mode: "shared", ...reading }, everything);
      const known = (same && trial.groups.get(group)?.filter) || filters[options.filter]!;
      const filter = known.forms[form % known.forms.length];
      const start = sequenceOf(options.after, trial);
      return trial.open({ mode: "group", group, ...reading, after: start, filter }, known);
    }),
  );

const observe = fc
  .record({
    after,
    follow: fc.integer({ min: 0, max: 3 }).map((number) => number > 0),
    filter: fc.nat(filters.length - 1),
    window: fc.nat(windows.length - 1),
  })
  .map((options) =>
    command(`observe(${JSON.stringify(options)})`, (trial) => {
      const filter = filters[options.filter]!;
      const { window, inside } = windows[options.window]!;
      const known = { ...filter, passing: filter.passing.filter((kind) => inside.includes(kind)) };
      const subscription: Subscription = {
        mode: "broadcast",
        follow: options.follow,
        after: sequenceOf(options.after, trial),
        filter: known.forms[0],
        window,
      };
      return trial.open(subscription, known);
    }),
  );

const maxBytes = fc.constantFrom(1, 150, 400, 64 * 1024);
const read = fc
  .tuple(choice, maxBytes)
  .map(([member, bytes]) =>
    memberCommand(`read(${bytes})`, member, (trial, reader) => trial.read([reader], bytes)),
  );
const readAll = maxBytes.map((bytes) =>
  command(`read all(${bytes})`, (trial) => trial.read(trial.members, bytes)),
);
const stall = choice.map((member) =>
  memberCommand("stall, or end it", member, async (_, reader) => {
    reader.stalled = !reader.stalled;
  }),
);

/** Of what was given, from less than before to more than that. */
const acknowledge = fc
  .tuple(choice, fc.integer({ min: -2, max: 12 }))
  .map(([member, more]) =>
    memberCommand(
      `acknowledge(${more} more)`,
      member,
      (trial, reader) => trial.acknowledge(reader, Math.max(0, reader.acknowledged + more)),
      acknowledges,
    ),
  );
const acknowledgeAll = choice.map((member) =>
  memberCommand(
    "acknowledge all",
    member,
    (trial, reader) => trial.acknowledge(reader, reader.given.length),
    acknowledges,
  ),
);
const leave = choice.map((member) =>
  memberCommand("leave", member, async (trial, reader) => {
    if (acknowledges(reader)) await trial.acknowledge(reader, reader.given.length);
    await trial.kill(reader);
  }),
);
const kill = choice.map((member) => memberCommand("kill", member, (trial, reader) => trial.kill(reader)));
const restart = fc
  .array(kind, { maxLength: 5 })
  .map((alerts) => command(`restart(${alerts})`, (trial) => trial.restart(alerts)));

/** Sequences of everything that can happen to a log. */
export function commandsFor(bounds: EngineBounds): fc.Arbitrary<Iterable<Command>> {
  const weighted: [number, fc.Arbitrary<Command>][] = [
    [8, append],
    [2, overflow(bounds)],
    [5, join],
    [2, observe],
    [8, read],
    [6, readAll],
    [2, stall],
    [4, acknowledge],
    [2, acknowledgeAll],
    [1, leave],
    [3, kill],
    [1, restart],
  ];
  return fc.commands(
    weighted.flatMap(([weight, arbitrary]) => Array.from({ length: weight }, () => arbitrary)),
    { maxCommands: 120, size: "max" },
  );
}
