import { randomUUID } from "node:crypto";
import type { GetStatusResponse } from "@falco-outputs/core/contract";
import { printableJson } from "@falco-outputs/core/printable";
import { connect } from "../connection/connect.js";
import type { ConnectionOptions } from "../connection/connection-options.js";
import { defaultInputAddress } from "../connection/default-address.js";
import { targetOf } from "../forward/target.js";
import { aligned } from "../print/aligned.js";
import { say } from "../print/line-writer.js";
import { stopSignal } from "../stop-signal.js";
import { priorities } from "./priorities.js";
import { type OutputCounts, outputsSince, statusOf } from "./server-status.js";
import { isSettled, postAlerts, receiveAlerts, type TestAlert, testAlerts } from "./test-alerts.js";

interface TestOptions extends ConnectionOptions {
  readonly output: string;
  readonly http?: string;
  /** In lower case. */
  readonly minPriority?: string;
}

interface Result {
  /** Where they were posted. */
  readonly http: string;
  readonly alerts: readonly TestAlert[];
  /** Those but gRPC's, by name; undefined if the server does not tell. */
  readonly outputs: Readonly<Record<string, OutputCounts>> | undefined;
}

const defaultTimeoutMs = 10_000;

/** @throws Error if an alert did not arrive, or an output failed. */
export async function test(options: TestOptions): Promise<void> {
  const result = await run(options);
  await say(options.output === "json" ? json(result) : lines(result).join("\n"));
  const problems = problemsOf(result);
  if (problems.length > 0) throw new Error(problems.join("; "));
}

async function run({ output: _, http: given, minPriority, ...options }: TestOptions): Promise<Result> {
  const timeoutMs = options.timeout ?? defaultTimeoutMs;
  await using client = connect(options);
  const before = await statusOf(options);
  const address = given || inputOf(before);
  const to = { address, name: "--http" };
  targetOf(to);
  const id = randomUUID();
  const alerts = testAlerts(leastOf(minPriority));
  const end = new AbortController();
  const receiving = new AbortController();
  end.signal.addEventListener("abort", () => receiving.abort());
  stopSignal().addEventListener("abort", () => end.abort());
  const timer = setTimeout(() => end.abort(), timeoutMs);
  try {
    await Promise.all([
      receiveAlerts(alerts, id, client, receiving.signal),
      // After the last refusal nothing more may come.
      postAlerts(alerts, id, to, timeoutMs).then(() => isSettled(alerts) && receiving.abort()),
    ]);
    return { http: address, alerts, outputs: before && (await outputsSince(before, options, end.signal)) };
  } finally {
    clearTimeout(timer);
  }
}

function leastOf(minPriority: string | undefined): number {
  if (minPriority === undefined) return priorities.length - 1;
  return priorities.findIndex((name) => name.toLowerCase() === minPriority);
}

/** Where this machine posts to a server: where it says, sockets first; else its default. */
function inputOf(status: GetStatusResponse | undefined): string {
  const urls = status?.httpUrls ?? [];
  return urls.find((url) => url.startsWith("unix:")) ?? urls[0] ?? defaultInputAddress();
}

function problemsOf({ alerts, outputs = {} }: Result): string[] {
  const missing = alerts.filter(({ received }) => !received);
  const refusals = new Set(alerts.map(({ refusal }) => refusal).filter((refusal) => refusal !== undefined));
  const failing = Object.entries(outputs).filter(
    ([, { failed, dropped, waiting }]) => failed + dropped + waiting > 0,
  );
  return [
    ...refusals,
    ...(missing.length > 0 ? [`${missing.length} of ${alerts.length} alerts did not arrive`] : []),
    ...failing.map(([name]) => `the output ${name} did not write all`),
  ];
}

function lines({ http, alerts, outputs }: Result): string[] {
  return [
    `posted to ${http}`,
    "",
    ...aligned(
      ["PRIORITY", "HTTP INPUT", "SUBSCRIBER"],
      alerts.map(({ priority, refusal, received }) => [
        priority,
        refusal === undefined ? "taken" : "refused",
        received ? "received" : "nothing",
      ]),
    ),
    "",
    ...outputLines(outputs),
  ];
}

function outputLines(outputs: Result["outputs"]): string[] {
  if (outputs === undefined) return ["outputs: the server does not tell this client"];
  const counts = Object.entries(outputs);
  if (counts.length === 0) return ["outputs: gRPC only"];
  return aligned(
    ["OUTPUT", "WRITTEN", "FAILED", "DROPPED", "WAITING"],
    counts.map(([name, { written, failed, dropped, waiting }]) => [name, written, failed, dropped, waiting]),
  );
}

function json(result: Result): string {
  return printableJson(JSON.stringify(result));
}
