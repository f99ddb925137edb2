import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FalcoOutputsServer } from "@falco-outputs/server";
import { type Call, type Case, type FeedStep, type IdentityName, stepsOf } from "./case.js";
import { check } from "./check-result.js";
import type { ClientUnderTest } from "./clients.js";
import { differences } from "./differences.js";
import { feed, type Progress } from "./feed.js";
import type { IdentityFiles } from "./identities.js";
import type { CallLine, CallResult } from "./protocol.js";
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
  const posts = stepsOf(one).some((step) => "http" in step);
  const setup = await setUp(one.server, posts, identities, folder);
  const published: (string | undefined)[] = [];
  const run = new CaseRun(setup, testee, identities, published);
  try {
    const problems: string[] = [];
    await run.feed(one.feed);
    for (const [index, call] of one.calls.entries()) {
      const result = await run.call(call);
      const prefix = one.calls.length === 1 ? "" : `call ${index + 1}: `;
      problems.push(...check(call, result, client.features, published).map((text) => prefix + text));
    }
    const seen: Record<string, unknown> = { ...setup.server?.stats().inputs };
    for (const [name, expected] of Object.entries(one.inputs)) {
      problems.push(...differences(expected, seen[name], `inputs.${name}`));
    }
    return problems;
  } catch (error) {
    return [(error as Error).message];
  } finally {
    await setup.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

class CaseRun {
  constructor(
    readonly setup: Setup,
    readonly testee: TesteeProcess,
    readonly identities: Record<IdentityName, IdentityFiles>,
    readonly published: (string | undefined)[],
  ) {}

  async feed(steps: readonly FeedStep[], requests: Progress["requests"] = impossible): Promise<void> {
    if (steps.length === 0) return;
    this.published.push(...(await feed(this.#server, steps, { requests })));
  }

  async call(call: Call): Promise<CallResult> {
    let sent = 0;
    let onSent: (() => void) | undefined;
    const result = this.testee.call(this.#line(call), (requests) => {
      sent = requests;
      onSent?.();
    });
    if (call.feed !== undefined) {
      const over = result.then(() => {
        throw new Error("the call was over before it was fed");
      });
      await Promise.race([over, this.#server.waitForSubscribers(1)]);
      await this.feed(call.feed, (count) => {
        const enough = new Promise<void>((resolve) => {
          onSent = () => {
            if (sent >= count) resolve();
          };
          onSent();
        });
        return Promise.race([over, enough]);
      });
      over.catch(() => undefined); // from here on the call may well be over
    }
    const seen = await result;
    await this.#leave();
    return seen;
  }

  get #server(): FalcoOutputsServer {
    if (this.setup.server === undefined) throw new Error("a case without a server cannot feed it");
    return this.setup.server;
  }

  #line({ tls, expect, feed, ...call }: Call): CallLine {
    const { address } = this.setup;
    if (tls === undefined) return { ...call, address };
    const { identity, ...names } = tls;
    if (identity === "none") return { ...call, address, tls: { ca: this.identities.client.ca, ...names } };
    return { ...call, address, tls: { ...this.identities[identity], ...names } };
  }

  /** A call that is over is no subscriber any more. */
  async #leave(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`the server still has the stream, ${leaveLimitMs} ms after its end`)),
        leaveLimitMs,
      );
    });
    await Promise.race([limit, this.setup.server?.waitForSubscribers(0)]).finally(() => clearTimeout(timer));
  }
}

function impossible(): Promise<void> {
  throw new Error("await_requests belongs into the feed of a call");
}
