// Works off alerts of a group, five at a time, and loses none: what this process did not finish when it dies goes to
// another member of the group, or comes again when it is restarted. When it is told to stop, it finishes its
// work, and nothing comes twice.
//
//   npm start [ADDRESS]        ADDRESS: unix:///path (default: unix:///run/falco/falco.sock)

import { setTimeout as delay } from "node:timers/promises";
import { type Alert, createClient } from "@falco-outputs/node";

/** The work for each alert: here, a call to a slow service. */
async function handle(alert: Alert): Promise<void> {
  await delay(Math.random() * 20);
  console.log(`handled ${alert.sequence} ${alert.rule}`);
}

const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stopping.abort());

const address = process.argv[2];
const falco = createClient(address === undefined ? {} : { address });
const alerts = falco.sub({ group: "tickets", acknowledge: "manual", signal: stopping.signal });

// With one handler at a time, `acknowledge: true` does it all: an alert is done when the loop comes back.
const handlers = new Set<Promise<unknown>>();
for await (const alert of alerts) {
  const handler = handle(alert)
    .then(() => alerts.acknowledge(alert))
    .catch((error) => console.error(`will come again: ${error}`))
    .finally(() => handlers.delete(handler));
  handlers.add(handler);
  if (handlers.size >= 5) await Promise.race(handlers);
}
// No alert comes any more. Those at work can still be acknowledged: `close` waits for them, ten seconds at most.
await falco.close();
