// Prints severe alerts about containers, and shells in one namespace: those of the last hour, and those that follow. A
// broadcast takes nothing from other subscribers, and the server sends only what matches.
//
//   npm start [ADDRESS [SINCE]]        ADDRESS: unix:///path (default: unix:///run/falco/falco.sock)
//                                      SINCE: e.g. 2026-11-01T00:00:00Z (default: an hour ago)

import { createClient, priorityName } from "@falco-outputs/node";

const interrupted = new AbortController();
process.once("SIGINT", () => interrupted.abort());

const [address, since = Date.now() - 60 * 60 * 1000] = process.argv.slice(2);
const falco = createClient(address === undefined ? {} : { address });
const severe = falco.sub({
  broadcast: true,
  // One of these has to match: every part of it, and of several values any.
  allow: [
    { minPriority: "warning", tags: ["container", "k8s"] },
    { rules: ["Terminal shell *"], fields: { "k8s.ns.name": ["shop", "shop-*"] } },
  ],
  // None of these may match.
  deny: [{ fields: { "proc.name": ["cat", "healthcheck"] } }],
  since: new Date(since),
  signal: interrupted.signal,
});
for await (const alert of severe) console.log(priorityName(alert), alert.rule, alert.tags.join(","));
await falco.close();
