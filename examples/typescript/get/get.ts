// Takes the alerts that are queued, counts them by rule, and ends.
//
//   npm start [ADDRESS]        ADDRESS: unix:///path (default: unix:///run/falco/falco.sock)

import { createClient, isAtLeast } from "@falco-outputs/node";

const address = process.argv[2];
const falco = createClient(address === undefined ? {} : { address });
const counts = new Map<string, number>();
let severe = 0;
for await (const alert of falco.get({ timeoutMs: 10_000 })) {
  counts.set(alert.rule, (counts.get(alert.rule) ?? 0) + 1);
  if (isAtLeast(alert, "error")) severe++;
}
for (const [rule, count] of counts) console.log(`${count} ${rule}`);
console.log(`${severe} of them at least as severe as an error`);
await falco.close();
