import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { createClient } from "@falco-outputs/core";
import { type FalcoOutputsServer, startServer } from "@falco-outputs/server";
import { makeAlerts } from "../../alerts.js";
import { playRole } from "../../process/role.js";
import { settledRssBytes } from "../retention.js";

export interface ReadLog {
  readonly openSeconds: number;
  readonly readSeconds: number;
  readonly alerts: number;
  /** The process's memory with the log, and at the most while it was read. */
  readonly idleBytes: number;
  readonly peakBytes: number;
}

/** Has a log on a disk. */
export interface LogHolder {
  /** Writes a log of so many bytes, and ends. */
  write(directory: string, bytes: number): Promise<void>;
  /** Opens a log, and reads all of it. */
  read(directory: string): Promise<ReadLog>;
  /** Appends so many alerts, each synced before the next; returns how many a second. */
  writeSynced(directory: string, count: number): Promise<number>;
  /** Writes as much to a file, with fdatasync after each; returns how many a second. */
  syncAlone(directory: string, count: number): Promise<number>;
}

const atOnce = 200;
/** A few alerts in memory: the rest is read from the disk. */
const maxAlerts = 1_000;
const lookMs = 5;

class Holder implements LogHolder {
  readonly #encoded = makeAlerts().encoded;

  async write(directory: string, bytes: number): Promise<void> {
    const server = await startServer({ listen: [], log: { directory, retention: { bytes: 4 * 1024 ** 3 } } });
    while (server.stats().disk!.bytes < bytes) await this.#publish(server, atOnce);
    await server.stop();
  }

  async read(directory: string): Promise<ReadLog> {
    const startMs = performance.now();
    const server = await startServer({ listen: [], maxAlerts, log: { directory } });
    const openMs = performance.now() - startMs;
    const client = createClient({ transport: server.transport() });
    // What is needed for the first alerts is not what reading all of them takes.
    for await (const _ of client.get({ broadcast: true, after: BigInt(server.stats().last - 20_000) }));
    const idleBytes = await settledRssBytes();
    let peakBytes = idleBytes;
    const looking = new AbortController();
    const looked = look(looking.signal, () => {
      peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
    });
    const readMs = performance.now();
    let alerts = 0;
    for await (const _ of client.get({ broadcast: true, after: 0n })) alerts++;
    const readSeconds = (performance.now() - readMs) / 1000;
    looking.abort();
    await looked;
    await server.stop();
    return { openSeconds: openMs / 1000, readSeconds, alerts, idleBytes, peakBytes };
  }

  async writeSynced(directory: string, count: number): Promise<number> {
    const server = await startServer({ listen: [], log: { directory, sync: "always" } });
    const startMs = performance.now();
    for (let index = 0; index < count; index++) await server.publish(this.#alert(index));
    const seconds = (performance.now() - startMs) / 1000;
    await server.stop();
    await rm(directory, { recursive: true });
    return count / seconds;
  }

  async syncAlone(directory: string, count: number): Promise<number> {
    const file = await open(join(directory, "file"), "w");
    const startMs = performance.now();
    for (let index = 0; index < count; index++) {
      await file.write(this.#alert(index));
      await file.datasync();
    }
    const seconds = (performance.now() - startMs) / 1000;
    await file.close();
    await rm(directory, { recursive: true });
    return count / seconds;
  }

  async #publish(server: FalcoOutputsServer, count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, (_, index) => server.publish(this.#alert(index))));
  }

  #alert(index: number): Uint8Array {
    return this.#encoded[index % this.#encoded.length]!;
  }
}

async function look(signal: AbortSignal, at: () => void): Promise<void> {
  while (!signal.aborted) {
    at();
    await setTimeout(lookMs);
  }
}

playRole(new Holder());
