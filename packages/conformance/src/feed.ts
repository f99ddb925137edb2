import { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { FalcoOutputsServer } from "@falco-outputs/server";
import { bodyBytes, hexBytes } from "./body.js";
import type { FeedStep } from "./case.js";
import { encodeAlert } from "./encode-alert.js";
import { post } from "./http-post.js";
import { numberedLine, range } from "./numbered.js";
import type { Peer } from "./peer.js";
import type { Published } from "./published.js";
import type { Setup } from "./server-setup.js";

/** The calls that run while a feed does. */
export interface RunningCalls {
  /** Resolves when the call that this feed belongs to has sent so many requests. */
  requests(count: number): Promise<void>;
  /** Resolves when all of them together have got so many alerts. */
  alerts(count: number): Promise<void>;
  /** Resolves when the client has told so many statuses of the call that this feed belongs to. */
  statuses(count: number): Promise<void>;
  /** Resolves when the server has so many subscribers. */
  subscribers(count: number): Promise<void>;
  cancel(): void;
}

/** Does to the server what the steps say, and notes the sequence number that each alert got. */
export async function feed(
  setup: Setup,
  steps: readonly FeedStep[],
  calls: RunningCalls,
  published: Published,
): Promise<void> {
  for (const step of steps) await take(setup, step, calls, published);
}

async function take(setup: Setup, step: FeedStep, calls: RunningCalls, published: Published): Promise<void> {
  if ("await_requests" in step) return calls.requests(step.await_requests);
  if ("await_alerts" in step) return calls.alerts(step.await_alerts);
  if ("await_statuses" in step) return calls.statuses(step.await_statuses);
  if ("await_subscribers" in step) return calls.subscribers(step.await_subscribers);
  if ("cancel" in step) return calls.cancel();
  if ("cut" in step) return setup.link!.cut();
  if ("dead" in step) return setup.link!.die();
  if ("silence_ms" in step) return delay(step.silence_ms);
  if ("frozen" in step) return setup.link!.freeze();
  if ("thawed" in step) return setup.link!.thaw();
  if ("away" in step) return setup.proxy!.away(step.away);
  if ("there" in step) return setup.proxy!.there();
  if (setup.peer !== undefined) return play(setup.peer, step, published);
  if (setup.server === undefined) throw new Error("a case without a server cannot feed it");
  if ("stop" in step) return setup.server.stop();
  if ("restart" in step) {
    published.newLog();
    return setup.restart();
  }
  if ("exchange_certificates" in step) {
    published.newLog();
    return setup.exchangeCertificates();
  }
  await give(setup.server, step, published);
}

/** @throws Error for a step that a peer does not know. */
async function play(peer: Peer, step: FeedStep, published: Published): Promise<void> {
  if ("numbered" in step) {
    for (const number of range(step.numbered)) published.add(peer.publish(numberedLine(number)), number);
  } else if ("encoded" in step) published.add(peer.publish(hexBytes(step.encoded)));
  else if ("scanned" in step) await peer.tellScanned(1);
  else if ("heartbeats" in step) await peer.tellScanned(step.heartbeats);
  else if ("skip" in step) peer.skip(step.skip);
  else if ("message" in step) peer.send(hexBytes(step.message));
  else if ("large_alert" in step)
    published.add(peer.publish(encodeAlert({ priority: 5, rule: "x".repeat(step.large_alert) })));
  else if ("end" in step) peer.end(step.end);
  else if ("raise" in step) await peer.raiseUntilRequests(numberedLine(step.raise), step.until_requests);
  else throw new Error(`a peer does not know the step ${JSON.stringify(step)}`);
}

async function give(server: FalcoOutputsServer, step: FeedStep, published: Published): Promise<void> {
  const publish = async (alert: string | Uint8Array, number?: number) =>
    published.add(await server.publish(alert), number);
  if ("line" in step) await publish(step.line);
  else if ("encoded" in step) await publish(hexBytes(step.encoded));
  else if ("alert" in step) await publish(encodeAlert(step.alert));
  else if ("numbered" in step) {
    for (const number of range(step.numbered)) await publish(numberedLine(number), number);
  } else if ("batch" in step) {
    const numbers = range(step.batch);
    // What comes in one piece is appended in one piece.
    await server.readLines(Readable.from([numbers.map((number) => `${numberedLine(number)}\n`).join("")]));
    for (const number of numbers) published.add(undefined, number);
  } else {
    const before = server.stats().appended;
    if ("http" in step) await post(server.httpUrl!, step.http);
    else if ("stdin" in step) {
      await server.readLines(Readable.from(chunks(bodyBytes(step.stdin), step.stdin.chunk_bytes)));
    }
    for (let count = server.stats().appended - before; count > 0; count--) published.add(undefined);
  }
}

function* chunks(bytes: Buffer, size = 64 * 1024): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
