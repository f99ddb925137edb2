import { createClient } from "@falco-outputs/core";
import { describe, expect, it, onTestFinished } from "vitest";
import { type FalcoOutputsServer, startServer } from "../../index.js";
import { Recorder } from "../../outputs/testing/serve.js";
import { alertsOf, batchOf, lossOf, never, readAll } from "../testing/alerts.js";
import { DiskLog, type DiskLogOptions } from "./disk-log.js";
import { copyOf } from "./testing/crash.js";
import { folder, numbers } from "./testing/test-store.js";

const quiet = {
  onOutage: () => undefined,
  onOutageEnd: () => undefined,
  onUnreadable: () => undefined,
  onTrouble: () => undefined,
};

async function openLog(directory: string, options: Partial<DiskLogOptions> = {}): Promise<DiskLog> {
  const log = await DiskLog.open({ directory, events: quiet, ...options });
  let closed: Promise<void> | undefined;
  const { close } = log;
  log.close = () => (closed ??= close.call(log));
  onTestFinished(() => log.close());
  return log;
}

const everything = {
  mode: "broadcast",
  follow: false,
  after: 0,
  filter: undefined,
  window: undefined,
} as const;
const shared = { mode: "shared", follow: false, acknowledge: true } as const;

async function append(log: DiskLog, count: number): Promise<number[]> {
  const { first, last } = await log.append(
    batchOf(...numbers(1, count).map((number) => ({ output: `${number}` }))),
  );
  return numbers(first, last);
}

describe("DiskLog", () => {
  it("delivers after a restart what was not delivered, and nothing else", async () => {
    const directory = folder();
    const log = await openLog(directory);
    const sequences = await append(log, 10);
    const before = await log.open(shared);
    const slice = await before.next(400, never);
    const given = alertsOf(slice!);
    before.acknowledge(given.length - 1);
    await log.close();

    const again = await openLog(directory);
    const after = await again.open(shared);
    const rest = (await readAll(after)).map(({ sequence }) => Number(sequence));
    expect(rest).toEqual(sequences.slice(given.length - 1));
    expect(again.stats().groups[""]).toMatchObject({ redelivered: 1 });
  });

  it("has a group's losses told after a restart, if they were not before", async () => {
    const directory = folder();
    const options = { maxAlerts: 5, segmentBytes: 1024, retention: { count: 5 } };
    const log = await openLog(directory, options);
    const group = {
      mode: "group",
      group: "a",
      follow: false,
      acknowledge: true,
      after: 0,
      filter: undefined,
    } as const;
    await (await log.open(group)).close();
    const sequences: number[] = [];
    for (let count = 0; count < 50; count++) sequences.push(...(await append(log, 1)));
    expect(log.stats().first).toBeGreaterThan(sequences[0]!);
    await log.close();

    const again = await openLog(directory, options);
    const read = await readAll(await again.open(group));
    const losses = read.map(lossOf).filter((loss) => loss !== undefined);
    const alerts = read.map(({ sequence }) => Number(sequence)).filter((sequence) => sequence !== 0);
    expect(losses[0]).toMatchObject({ cause: "overflow", first: sequences[0] });
    const lost = losses.reduce((sum, loss) => sum + loss.lost!, 0);
    expect(alerts).toEqual(sequences.slice(lost));
  });

  it("keeps every alert of a batch that is larger than memory may be", async () => {
    const log = await openLog(folder(), { maxAlerts: 10 });
    const sequences = await append(log, 1000);
    const alerts = await readAll(await log.open(everything));
    expect(alerts.map(({ sequence }) => Number(sequence))).toEqual(sequences);
    expect(log.stats()).toMatchObject({ retained: 1000, disk: { missed: 0, unwritten: 0, unreadable: 0 } });
  });

  it("shows an alert once it is written, and not before", async () => {
    const log = await openLog(folder());
    const cursor = await log.open({ ...everything, follow: true, after: undefined });
    const next = cursor.next(1000, never);
    const appended = log.append(batchOf("a"));
    expect(appended).toBeInstanceOf(Promise);
    expect(log.stats().retained).toBe(0);
    await appended;
    expect(log.stats().retained).toBe(1);
    expect(alertsOf((await next)!)[0]!.rule).toBe("a");
  });

  it("tells of numbers that jumped, as a restart, and goes on", async () => {
    const directory = folder();
    const log = await openLog(directory);
    const before = await append(log, 3);
    // A state file that is missing tells nothing.
    const crashed = copyOf(directory, ["state"]);
    const again = await openLog(crashed);
    expect(again.recovery.jumped).toBe(true);
    const after = await append(again, 2);
    const read = await readAll(await again.open(everything));
    expect(read.map((alert) => lossOf(alert)?.cause ?? Number(alert.sequence))).toEqual([
      ...before,
      "restart",
      ...after,
    ]);
    expect(again.stats().retained).toBe(5);
  });
});

describe("a server with a log on a disk", () => {
  it("goes on where it was: the shared queue, groups and broadcasts", async () => {
    const directory = folder();
    const start = () => serverWith(directory);
    const first = await start();
    const client = createClient({ transport: first.transport() });
    const stop = new AbortController();
    const stream = client
      .sub({ group: "pager", acknowledge: true, signal: stop.signal })
      [Symbol.asyncIterator]();
    const pending = stream.next();
    await first.waitForSubscribers(1);
    const sequences: bigint[] = [];
    for (let number = 0; number < 5; number++) {
      sequences.push(await first.publish({ rule: String(number), priority: "Notice" }));
    }
    expect((await pending).value!.rule).toBe("0");
    await stream.return!();
    await first.stop();

    const second = await start();
    const next = createClient({ transport: second.transport() });
    sequences.push(await second.publish({ rule: "5", priority: "Notice" }));
    const rules = async (options: Parameters<typeof next.get>[0]) => {
      const read: [string, bigint][] = [];
      for await (const { rule, sequence } of next.get(options)) read.push([rule, sequence]);
      return read;
    };
    const all = sequences.map((sequence, number) => [String(number), sequence]);
    expect(await rules({ broadcast: true })).toEqual(all);
    expect(await rules({ broadcast: true, after: sequences[2]! })).toEqual(all.slice(3));
    expect(await rules({})).toEqual(all);
    expect(await rules({ group: "pager" })).toEqual(all);
    await second.stop();
  });

  it("refuses a directory that another one has", async () => {
    const directory = folder();
    await serverWith(directory);
    await expect(serverWith(directory)).rejects.toMatchObject({ problem: "locked", path: directory });
  });

  it.each([
    [{ directory: "" }, 'log.directory: "", expected the path of a directory'],
    [{ directory: "x", sync: "often" as never }, 'log.sync: "often", expected always, interval or never'],
    [
      { directory: "x", retention: { bytes: 1 } },
      "log.retention.bytes: 1, expected a whole number of at least 67108864",
    ],
    [
      { directory: "x", retention: { count: 0 } },
      "log.retention.count: 0, expected a whole number of at least 1",
    ],
    [
      { directory: "x", retention: { ageMs: 5 } },
      "log.retention.ageMs: 5, expected a whole number of at least 60000",
    ],
  ])("refuses %j", async (log, message) => {
    await expect(startServer({ listen: [], log })).rejects.toMatchObject({ message });
  });

  async function serverWith(directory: string): Promise<FalcoOutputsServer> {
    const server = await startServer({ listen: [], log: { directory }, logger: new Recorder() });
    onTestFinished(() => server.stop());
    return server;
  }
});
