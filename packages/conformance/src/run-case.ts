import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CallsAtOnce, type Subscribed } from "./calls-at-once.js";
import type { Call, Case, IdentityName } from "./case.js";
import { check } from "./check-result.js";
import { checkTogether } from "./check-together.js";
import type { ClientUnderTest } from "./clients.js";
import { differences } from "./differences.js";
import { feed, type RunningCalls } from "./feed.js";
import type { IdentityFiles } from "./identities.js";
import type { Peer } from "./peer.js";
import { withPlaces } from "./places.js";
import type { CallLine, CallResult } from "./protocol.js";
import { Published } from "./published.js";
import { type Setup, setUp } from "./server-setup.js";
import type { TesteeProcess } from "./testee.js";

/** How long the server may take to notice that a stream has ended. */
const leaveLimitMs = 20_000;

/** Runs one case with one client. Gives what was not as expected. */
export async function runCase(
  one: Case,
  client: ClientUnderTest,
  testee: TesteeProcess,
  identities: Record<IdentityName, IdentityFiles>,
): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "falco-outputs-conformance-"));
  const setup = await setUp(one, client.takes, identities, folder);
  const published = new Published();
  const run = new CaseRun(setup, testee, published);
  try {
    const problems: string[] = [];
    await feed(setup, one.feed, noCalls, published);
    for (const [index, entry] of one.calls.entries()) {
      const calls = "at_once" in entry ? entry.at_once : [entry];
      const results = await run.calls(calls);
      const prefix = one.calls.length === 1 ? "" : `call ${index + 1}: `;
      for (const [at, call] of calls.entries()) {
        const part = calls.length === 1 ? prefix : `${prefix}${at + 1} of ${calls.length}: `;
        const seen = results[at]!;
        problems.push(...check(call, seen, client.features, published).map((text) => part + text));
      }
      if ("at_once" in entry) {
        problems.push(
          ...checkTogether(entry, results, client.features, published).map((text) => prefix + text),
        );
      }
    }
    if (one.user_agent === "own") problems.push(...userAgentDifferences(setup.peer!, client));
    if (one.starts_after !== undefined) {
      problems.push(...startDifferences(one.starts_after, setup.peer!, published));
    }
    if (one.acknowledged !== undefined) {
      problems.push(...differences(one.acknowledged, String(setup.peer!.acknowledged), "acknowledged"));
    }
    const seen: Record<string, unknown> = { ...setup.server?.stats().inputs };
    for (const [name, expected] of Object.entries(one.inputs)) {
      problems.push(...differences(expected, seen[name], `inputs.${name}`));
    }
    return problems;
  } catch (error) {
    // Calls that still run would be in the way of the next case.
    await testee.stop();
    return [(error as Error).message];
  } finally {
    await setup.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function startDifferences(
  expected: NonNullable<Case["starts_after"]>,
  peer: Peer,
  published: Published,
): string[] {
  return differences(
    expected.map((place) => (place === "none" ? place : String(published.at(place)))),
    peer.startsAfter.map((sequence) => (sequence === undefined ? "none" : String(sequence))),
    "starts_after",
  );
}

function userAgentDifferences({ userAgents }: Peer, { userAgent }: ClientUnderTest): string[] {
  const own = new RegExp(`^${userAgent}/\\d+\\.\\d+\\.\\d+`);
  return userAgents
    .filter((seen) => !own.test(seen))
    .map((seen) => `user-agent: expected ${own}, saw ${seen}`);
}

let lastId = 0;

class CaseRun {
  constructor(
    readonly setup: Setup,
    readonly testee: TesteeProcess,
    readonly published: Published,
  ) {}

  /** Makes calls at once, or a single one. */
  async calls(calls: readonly Call[]): Promise<CallResult[]> {
    const atOnce = new CallsAtOnce(this.testee, () => this.#server);
    const awaits = calls.some(({ feed: steps = [] }) =>
      steps.some((step) => "await_alerts" in step || "await_statuses" in step),
    );
    for (const [index, call] of calls.entries()) {
      const running = atOnce.start(this.#line(call, awaits));
      if (call.feed === undefined && index === calls.length - 1) continue;
      await atOnce.subscribed(running);
      if (call.feed === undefined) continue;
      if (running.isOver) await running.result.then(overTooEarly);
      await feed(this.setup, call.feed, atOnce.seenBy(running), this.published);
    }
    const results = await atOnce.results();
    await this.#leave();
    return results;
  }

  get #server(): Subscribed {
    const server = this.setup.server ?? this.setup.peer;
    if (server === undefined) throw new Error("there is no server");
    return server;
  }

  #line({ tls, expect, feed, ...call }: Call, reportProgress: boolean): CallLine {
    const line: CallLine = {
      ...withPlaces(call, this.published),
      id: ++lastId,
      address: this.setup.address,
      ...(reportProgress && { report_progress: true }),
    };
    if (tls === undefined) return line;
    const { identity, ...names } = tls;
    if (identity === "none") return { ...line, tls: { ca: this.setup.identities.client.ca, ...names } };
    return { ...line, tls: { ...this.setup.identities[identity], ...names } };
  }

  /** A call that is over is no longer a subscriber. */
  async #leave(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`the server still has the stream, ${leaveLimitMs} ms after its end`)),
        leaveLimitMs,
      );
    });
    const server = this.setup.server ?? this.setup.peer;
    const left = server?.waitForSubscribers(0).catch((reason: Error) => {
      // One that has stopped says so at once.
      if (server.stats().subscribers > 0) throw reason;
    });
    await Promise.race([limit, left]).finally(() => clearTimeout(timer));
  }
}

function overTooEarly({ status }: CallResult): never {
  throw new Error(`the call was over before it was fed: status ${status.code} ${status.message}`);
}

function impossible(): never {
  throw new Error("a step that is about a call belongs in the feed of a call");
}

/** What a feed sees before the first call. */
const noCalls: RunningCalls = {
  requests: impossible,
  alerts: impossible,
  statuses: impossible,
  subscribers: impossible,
  cancel: impossible,
};
