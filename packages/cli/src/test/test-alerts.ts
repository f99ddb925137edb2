import { hostname } from "node:os";
import type { Client } from "@falco-outputs/node";
import type { NamedAddress } from "../connection/named-address.js";
import { post } from "../forward/post.js";
import { priorities } from "./priorities.js";

const rule = "falco-outputs test";
/** The output field by which this test's alerts are told from another's. */
const field = "falco_outputs.test";

/** One alert, and what became of it. */
export interface TestAlert {
  readonly priority: string;
  /** Why the server did not take it; undefined if it did. */
  refusal?: string;
  received: boolean;
}

/** @param least The number of the least severe priority. */
export function testAlerts(least: number): TestAlert[] {
  return priorities.slice(0, least + 1).map((priority) => ({ priority, received: false }));
}

/** Whether it is known of each what became of it. */
export function isSettled(alerts: readonly TestAlert[]): boolean {
  return alerts.every(({ received, refusal }) => received || refusal !== undefined);
}

/** Posts each as Falco would, and notes which the server did not take. */
export async function postAlerts(
  alerts: readonly TestAlert[],
  id: string,
  to: NamedAddress,
  timeoutMs: number,
): Promise<void> {
  for (const alert of alerts) {
    try {
      await post(to, Buffer.from(lineOf(alert.priority, id)), timeoutMs);
    } catch (error) {
      alert.refusal = (error as Error).message;
    }
  }
}

/** Notes which a broadcast receives, until none is missing or the signal aborts. @throws FalcoError */
export async function receiveAlerts(
  alerts: readonly TestAlert[],
  id: string,
  client: Client,
  signal: AbortSignal,
): Promise<void> {
  // From the oldest, so that none is missed before the stream is open.
  const stream = client.sub({ broadcast: true, after: 0n, rules: [rule], fields: { [field]: id }, signal });
  try {
    for await (const received of stream) {
      // What tells of a loss passes every filter.
      const alert = received.rule === rule ? alerts[received.priority] : undefined;
      if (alert !== undefined) alert.received = true;
      if (isSettled(alerts)) return;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function lineOf(priority: string, id: string): string {
  const time = new Date().toISOString();
  return JSON.stringify({
    hostname: hostname(),
    output: `${time.slice(11, 23)}: ${priority} Test of falco-outputs`,
    output_fields: { [field]: id },
    priority,
    rule,
    source: "test",
    tags: ["test"],
    time,
  });
}
