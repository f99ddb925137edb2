import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import type { AlertInit } from "@falco-outputs/core";
import { type ClientOptions, createClient } from "@falco-outputs/node";
import { type FalcoOutputsServer, type ServerOptions, startServer } from "@falco-outputs/server";
import { OldFalco } from "@falco-outputs/testing";
import { onTestFinished } from "vitest";

/** A folder that goes when the test does. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "falco-outputs-delivery-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A server that stops when the test ends. */
export async function serve(options?: ServerOptions): Promise<FalcoOutputsServer> {
  const server = await startServer(options);
  onTestFinished(() => server.stop());
  return server;
}

/** A client that is closed when the test ends. */
export function clientOf(
  address: string,
  options: Omit<ClientOptions & { transport?: never }, "address" | "transport"> = {},
) {
  const client = createClient({ ...options, address });
  onTestFinished(() => client.close());
  return client;
}

export interface Publishing {
  count: number;
  /** How many alerts may be there in one turn of the event loop; all others run between two turns. Default: 50. */
  atOnce?: number;
  /** What the alert of this index is. Default: one of rule "r". */
  alert?: (index: number) => AlertInit;
  /** Awaited before each turn. */
  before?: (published: number) => unknown;
}

/** Queues alerts, a few at a time; returns their sequence numbers. */
export async function publish(
  server: FalcoOutputsServer,
  { count, atOnce = 50, alert = () => ({ rule: "r", priority: "Notice" }), before }: Publishing,
): Promise<bigint[]> {
  const sequences: bigint[] = [];
  while (sequences.length < count) {
    await before?.(sequences.length);
    for (let index = 0; index < atOnce && sequences.length < count; index++) {
      sequences.push(await server.publish(alert(sequences.length)));
    }
    await turn();
  }
  return sequences;
}

/** A server that behaves as Falco 0.43 does, at `folder`/falco.sock, until it is stopped or the test ends. */
export async function startOldFalco(
  folder: string,
  options?: { version: string | undefined },
): Promise<OldFalco> {
  const falco = await OldFalco.start(join(folder, "falco.sock"), options);
  onTestFinished(() => falco.stop());
  return falco;
}
