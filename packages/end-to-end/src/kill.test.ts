import { expect, it } from "vitest";
import { Subscriber } from "./subscriber.js";
import { publish, serve } from "./test-server.js";

const total = 20_000;
/** So many alerts must be printed before a subscriber is killed. */
const printedFirst = 1_000;

it("loses nothing when two of a group's three processes are killed mid-stream and started again", async () => {
  const server = await serve();
  const options = {
    client: { address: server.address },
    sub: { group: "pager", acknowledge: true },
  };
  const steady = new Subscriber(options);
  const killed = new Subscriber(options);
  // Killed at work on an alert, for certain.
  const killedAtWork = new Subscriber({ ...options, holdAt: printedFirst });
  const started = [steady, killed, killedAtWork];
  await server.waitForSubscribers(3);
  const printed = () => started.reduce((sum, { sequences }) => sum + sequences.length, 0);

  let kills = 0;
  const killAndRestart = async (subscriber: Subscriber) => {
    await expect.poll(() => subscriber.sequences.length, patience).toBeGreaterThanOrEqual(printedFirst);
    await subscriber.kill();
    kills++;
    started.push(new Subscriber(options));
  };
  const killing = Promise.all([killAndRestart(killed), killAndRestart(killedAtWork)]);

  const sequences = await publish(server, {
    count: total,
    atOnce: 200,
    // Subscribers set the pace, and the end comes after the kills.
    before: async (published) => {
      await expect
        .poll(() => published - printed() < 4_000 && (kills === 2 || published < total - 1_000), patience)
        .toBe(true);
    },
  });
  await killing;
  await expect
    .poll(() => server.stats().groups.pager, patience)
    .toMatchObject({ members: 3, waiting: 0, lost: 0, delivered: total });
  await Promise.all(started.filter((one) => one !== killed && one !== killedAtWork).map((one) => one.end()));

  const all = started.flatMap((one) => one.sequences);
  const distinct = new Set(all);
  expect(sequences.filter((sequence) => !distinct.has(sequence))).toEqual([]);
  expect(distinct.size).toBe(total);
  const { redelivered, ...rest } = server.stats().groups.pager!;
  expect(rest).toMatchObject({ members: 0, waiting: 0, lost: 0, filtered: 0, delivered: total });
  // The one that was being worked on came again, and nothing was printed twice without having been handed out twice.
  expect(redelivered).toBeGreaterThanOrEqual(1);
  expect(all.length - distinct.size).toBeGreaterThanOrEqual(1);
  expect(all.length - distinct.size).toBeLessThanOrEqual(redelivered);
}, 60_000);

const patience = { timeout: 30_000, interval: 5 };
