// A worker that a test deploys: `node worker-process.mjs ADDRESS`. Ten handlers at a time, each of which takes a while.
// It prints the sequence number of each alert that is handled. SIGTERM stops it, gracefully.
import { writeSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "@falco-outputs/node";

const stopping = new AbortController();
process.once("SIGTERM", () => stopping.abort());

const client = createClient({ address: process.argv[2] });
const stream = client.sub({ group: "tickets", after: 0n, acknowledge: "manual", signal: stopping.signal });
const handlers = new Set();
for await (const alert of stream) {
  const handler = handle(alert).finally(() => handlers.delete(handler));
  handlers.add(handler);
  if (handlers.size >= 10) await Promise.race(handlers);
}
await client.close();

async function handle(alert) {
  await delay(5 + Math.random() * 20);
  writeSync(1, `${alert.sequence}\n`);
  stream.acknowledge(alert);
}
