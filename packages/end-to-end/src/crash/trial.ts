import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { type Alert, type Client, createClient, FalcoError } from "@falco-outputs/node";
import { type GroupPlace, inspectLog, type ServerOptions } from "@falco-outputs/server";
import { KilledServer } from "./killed-server.js";
import { Random } from "./random.js";

/** The most that an alert's text is filled up with, in bytes: files of the log come and go. */
const maxFilling = 6_000;
/** How often the group's place is waited for before the end: in one of so many lives of the server. */
const settledLives = 3;
const maxWaitMs = 20_000;

/** A server with a log on a disk, which is killed again and again at random moments. */
export class CrashTrial {
  crashes = 0;
  readonly #folder: string;
  readonly #random: Random;
  readonly #options: ServerOptions;
  readonly #client: Client;
  #server: KilledServer | undefined;
  /** By sequence number: the name of the alert that it stands for, as far as anybody has seen it. */
  readonly #names = new Map<bigint, string>();
  /** Those that a post's answer confirmed. */
  readonly #confirmed = new Set<string>();
  /** All that the file was given. */
  readonly #inFile: string[] = [];
  /** What members of the group got. */
  readonly #taken = new Set<bigint>();
  readonly #acknowledged = new Set<bigint>();
  /** What must not come again. */
  readonly #settled = new Set<bigint>();
  #first = 0n;
  #made = 0;

  /** @param folder Empty. */
  constructor(folder: string, seed: number) {
    this.#folder = folder;
    this.#random = new Random(seed);
    const listen = [join(folder, "falco.sock")];
    mkdirSync(join(folder, "input"));
    writeFileSync(this.#file, "");
    this.#options = {
      listen,
      maxAlerts: 500,
      inputs: {
        http: [{ address: "127.0.0.1:0" }],
        files: [{ path: this.#file, state: join(folder, "state"), from: "beginning" }],
      },
      log: { directory: join(folder, "log"), retention: { bytes: 64 * 1024 * 1024 }, syncIntervalMs: 50 },
    };
    this.#client = createClient({ address: `unix://${listen[0]}` });
  }

  /** Starts the server, has it work for a random time, kills it, starts it again, and looks at what is there. */
  async crash(): Promise<void> {
    this.#server ??= await KilledServer.start(this.#options);
    const stop = new AbortController();
    const work = [
      this.#post(stop.signal),
      this.#post(stop.signal),
      this.#writeLines(stop.signal),
      this.#follow(stop.signal),
      this.#work(stop.signal),
    ];
    await setTimeout(this.#random.below(250));
    if (this.#random.below(settledLives) > 0) await this.#server.kill();
    stop.abort();
    await Promise.all(work);
    if (this.#server.isAlive) await this.#settle();
    await this.#server.kill();
    this.crashes++;
    this.#server = await KilledServer.start(this.#options);
    assert.deepEqual(
      this.#server.warnings.filter((line) => !line.includes("was not completed")),
      [],
    );
    await this.#check();
    await this.#checkGroup();
  }

  async end(): Promise<void> {
    await this.#server?.kill();
    this.#client.close();
  }

  get #file(): string {
    return join(this.#folder, "input", "falco.jsonl");
  }

  #alert(from: string): { name: string; line: string } {
    const name = `${from} ${this.#made++}`;
    const output = "x".repeat(this.#random.below(maxFilling));
    return { name, line: JSON.stringify({ rule: name, priority: "Notice", output }) };
  }

  /** Posts one alert after the other, and notes those that were answered. */
  async #post(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { name, line } = this.#alert("posted");
      try {
        const { ok } = await fetch(this.#server!.http, { method: "POST", body: line, signal });
        if (ok) this.#confirmed.add(name);
      } catch {
        return;
      }
    }
  }

  async #writeLines(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#server!.writeLine(this.#alert("stdin").line);
      const { name, line } = this.#alert("file");
      appendFileSync(this.#file, `${line}\n`);
      this.#inFile.push(name);
      await setTimeout(2);
    }
  }

  /** What a broadcast sees is seen: its numbers stand for these alerts from now on. */
  async #follow(signal: AbortSignal): Promise<void> {
    const stream = this.#client.sub({ broadcast: true, signal, reconnect: false });
    await untilGone(async () => {
      for await (const alert of stream) this.#see(alert);
    });
  }

  /** A member of the group takes alerts, and acknowledges most of them. */
  async #work(signal: AbortSignal): Promise<void> {
    const options = { group: "pager", acknowledge: "manual", after: 0n, signal, reconnect: false } as const;
    const stream = this.#client.sub(options);
    await untilGone(async () => {
      for await (const alert of stream) {
        this.#take(alert);
        if (this.#random.below(50) === 0) return;
        if (stream.acknowledge(alert)) this.#acknowledged.add(alert.sequence);
      }
    });
  }

  #see(alert: Alert): void {
    assert.notEqual(alert.sequence, 0n, `a loss was told: ${alert.output}`);
    const known = this.#names.get(alert.sequence);
    assert.equal(alert.rule, known ?? alert.rule, `${alert.sequence} stands for two alerts`);
    this.#names.set(alert.sequence, alert.rule);
  }

  #take(alert: Alert): void {
    // What retention removed before the group came to it.
    if (alert.sequence === 0n) {
      assert.equal(alert.outputFields.cause, "overflow");
      return;
    }
    this.#see(alert);
    assert(!this.#settled.has(alert.sequence), `${alert.rule} came again`);
    this.#taken.add(alert.sequence);
  }

  /** Waits until the log's files say that the group has what it acknowledged. */
  async #settle(): Promise<void> {
    const isSettled = (place: GroupPlace | undefined, sequence: bigint) =>
      sequence < (place?.position ?? 0) &&
      place!.unacknowledged.every(([first, last]) => sequence < first || last < sequence);
    for (const end = Date.now() + maxWaitMs; ; await setTimeout(10)) {
      const { groups } = await inspectLog(this.#options.log!.directory, false);
      const place = groups.get("pager");
      if ([...this.#acknowledged].every((sequence) => isSettled(place, sequence))) break;
      assert(Date.now() < end, "the group's place is not written");
    }
    for (const sequence of this.#acknowledged) this.#settled.add(sequence);
  }

  /** The log has what was confirmed or seen, each once, with consecutive numbers, from the first that is retained on. */
  async #check(): Promise<void> {
    const counts = new Map<string, number>();
    let expected: bigint | undefined;
    for await (const alert of this.#client.get({ broadcast: true, after: 0n })) {
      this.#see(alert);
      if (expected === undefined) this.#first = alert.sequence;
      else assert.equal(alert.sequence, expected, "a gap");
      expected = alert.sequence + 1n;
      counts.set(alert.rule, (counts.get(alert.rule) ?? 0) + 1);
    }
    const removed = new Set<string>();
    for (const [sequence, name] of this.#names) {
      if (sequence < this.#first) removed.add(name);
      else assert(counts.has(name), `${name} was seen as ${sequence}, and is gone`);
    }
    for (const name of this.#confirmed) {
      if (!removed.has(name)) assert.equal(counts.get(name), 1, `${name} was confirmed`);
    }
    for (const [name, count] of counts) {
      // A line whose alert was taken, but not its position, comes again.
      if (!name.startsWith("file")) assert.equal(count, 1, name);
    }
  }

  /** The group gets what is left: all of it at least once. */
  async #checkGroup(): Promise<void> {
    for await (const alert of this.#client.get({ group: "pager", after: 0n })) this.#take(alert);
    for (const [sequence, name] of this.#names) {
      if (sequence >= this.#first) assert(this.#taken.has(sequence), `the group never got ${name}`);
    }
  }

  /** Once more, for what takes its time: all lines of the file have come, in their order. */
  async finish(): Promise<void> {
    const wanted = new Set(this.#inFile);
    for (let left = wanted.size; left > 0; ) {
      await this.#check();
      const names = new Set(this.#names.values());
      const missing = this.#inFile.filter((name) => !names.has(name));
      if (missing.length < left) left = missing.length;
      else await setTimeout(50);
    }
  }
}

/** Runs until the server is gone. */
async function untilGone(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof FalcoError)) throw error;
  }
}
