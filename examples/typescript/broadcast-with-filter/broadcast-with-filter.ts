// Prints severe alerts about containers. A broadcast takes nothing from other subscribers, and the server sends only
// what matches.
//
//   npm start [ADDRESS]        ADDRESS: unix:///path (default: unix:///run/falco/falco.sock)

import { createClient, priorityName } from "@falco-outputs/node";

const interrupted = new AbortController();
process.once("SIGINT", () => interrupted.abort());

const address = process.argv[2];
const falco = createClient(address === undefined ? {} : { address });
const severe = falco.sub({
  broadcast: true,
  minPriority: "warning", // at least this severe, and
  tags: ["container", "k8s"], // any of these tags
  signal: interrupted.signal,
});
for await (const alert of severe) console.log(priorityName(alert), alert.rule, alert.tags.join(","));
await falco.close();
