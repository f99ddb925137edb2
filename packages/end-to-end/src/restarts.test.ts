import { join } from "node:path";
import { type ServerStats, startServer } from "@falco-outputs/server";
import { expect, it } from "vitest";
import { type Printed, Subscriber, type ToldLoss } from "./subscriber.js";
import { publish, scratchFolder } from "./test-server.js";

const restarts = 10;
const patience = { timeout: 20_000, interval: 5 };
/** Small, so that the bound reaches alerts before slow subscribers do. */
const maxAlerts = 150;

/** What one log was given, and what it said when the server stopped. */
interface Life {
  readonly sequences: readonly bigint[];
  readonly stats: ServerStats;
}

it("adds up within each log when the server is restarted ten times under load", async () => {
  const listen = [join(scratchFolder(), "falco.sock")];
  const start = () => startServer({ listen, maxAlerts });
  let server = await start();
  const client = { address: server.address };
  // So soon that a server's life is not over before they are back.
  const reconnect = { initialDelayMs: 20, maxDelayMs: 50 };
  const observer = new Subscriber({ client, sub: { broadcast: true, reconnect } });
  const group = { group: "pager", acknowledge: true, reconnect };
  const members = [new Subscriber({ client, sub: group }), new Subscriber({ client, sub: group })];
  const subscribers = [observer, ...members];

  const lives: Life[] = [];
  for (let life = 0; life <= restarts; life++) {
    if (life > 0) server = await start();
    await server.waitForSubscribers(3);
    const resumed = ({ statuses }: Subscriber) => statuses.filter((status) => status === "resumed").length;
    await expect.poll(() => subscribers.every((one) => resumed(one) === life), patience).toBe(true);
    const sequences = await publish(server, { count: 500 });
    if (life === restarts) {
      await expect.poll(() => observer.sequences.at(-1), patience).toBe(sequences.at(-1));
      await expect.poll(() => server.stats().groups.pager!.waiting, patience).toBe(0);
      // They end by themselves: no connection, timer or listener keeps them.
      await Promise.all(subscribers.map((one) => one.end()));
      await server.waitForSubscribers(0);
    }
    // Under load it stops in the middle of delivering.
    lives.push({ sequences, stats: server.stats() });
    await server.stop();
  }

  for (const [life, { sequences, stats }] of lives.entries()) {
    const inThisLife = (printed: readonly Printed[]) => ofLife(printed, sequences);
    expectNoGap(inThisLife(observer.printed), sequences, life === restarts);
    const { delivered, waiting, lost } = stats.groups.pager!;
    expect(delivered + waiting + lost).toBe(sequences.length);
    const all = members.flatMap((one) => inThisLife(one.printed));
    const printed = all.flatMap((one) => ("sequence" in one ? [one.sequence] : []));
    const distinct = new Set(printed);
    // Whatever was acknowledged was printed; and nothing came twice, for no member went away within this log.
    expect(distinct.size).toBeGreaterThanOrEqual(delivered);
    expect(printed.length - distinct.size).toBeLessThanOrEqual(stats.groups.pager!.redelivered);
    if (life < restarts) continue;
    const told = all.flatMap((one) => ("loss" in one && one.loss.lost !== undefined ? [one.loss] : []));
    expect(told.reduce((sum, { lost }) => sum + Number(lost), 0)).toBe(lost);
    expect(waiting).toBe(0);
    expect(distinct.size + lost).toBe(sequences.length);
  }
  for (const { statuses } of subscribers) expectOrder(statuses);
  // The group is new in each log: one of its members is told that the old one is gone. The observer is told each time.
  const restartsTold = ({ printed }: Subscriber) =>
    printed.filter((one) => "loss" in one && one.loss.cause === "restart").length;
  expect(restartsTold(observer)).toBe(restarts);
  expect(members.reduce((sum, one) => sum + restartsTold(one), 0)).toBe(restarts);
}, 60_000);

/** What a subscriber printed of one log: after the loss that tells of the restart, as far as that log's numbers go. */
function ofLife(printed: readonly Printed[], sequences: readonly bigint[]): Printed[] {
  const isOf = (sequence: bigint) => sequence >= sequences[0]! && sequence <= sequences.at(-1)!;
  return printed.filter(
    (one) =>
      ("sequence" in one && isOf(one.sequence)) ||
      ("loss" in one && one.loss.firstSequence !== undefined && isOf(BigInt(one.loss.firstSequence))),
  );
}

/** Each alert of the log is printed or told lost, in order, up to where the server stopped. */
function expectNoGap(printed: readonly Printed[], sequences: readonly bigint[], complete: boolean): void {
  let expected = sequences[0]!;
  for (const one of printed) {
    if ("sequence" in one) {
      expect(one.sequence).toBe(expected);
      expected++;
    } else if ("loss" in one) {
      const { cause, lost, firstSequence, lastSequence } = one.loss as Required<ToldLoss>;
      expect({ cause, firstSequence }).toEqual({ cause: "slow", firstSequence: String(expected) });
      expect(BigInt(lost)).toBe(BigInt(lastSequence) - BigInt(firstSequence) + 1n);
      expected = BigInt(lastSequence) + 1n;
    }
  }
  if (complete) expect(expected).toBe(sequences.at(-1)! + 1n);
}

/** Connected once, then lost and resumed as often as the server was restarted. */
function expectOrder(statuses: readonly string[]): void {
  expect(statuses.join(" ")).toMatch(
    new RegExp(`^connecting connected( (disconnected connecting )+resumed){${restarts}}$`),
  );
}
