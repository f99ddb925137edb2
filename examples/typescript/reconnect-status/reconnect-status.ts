// Tells what becomes of the connection: start it before the server, stop the server, start it again.
//
//   npm start [ADDRESS]        ADDRESS: unix:///path (default: unix:///run/falco/falco.sock)

import { createClient, type StreamStatus } from "@falco-outputs/node";

function describe(status: StreamStatus): string {
  switch (status.type) {
    case "connecting":
      return `connecting, attempt ${status.attempt}`;
    case "connected":
    case "resumed":
      return status.type;
    case "disconnected":
      return `disconnected: ${status.error.message}; last heard at ${status.lastHeardAt?.toISOString() ?? "no time"}; next attempt in ${Math.round(status.retryInMs)} ms`;
    case "lost":
      return `lost ${status.loss.lost ?? "nobody knows how many"} alerts (${status.loss.cause})`;
  }
}

const interrupted = new AbortController();
process.once("SIGINT", () => interrupted.abort());

const address = process.argv[2];
const falco = createClient(address === undefined ? {} : { address });
const alerts = falco.sub({
  broadcast: true,
  reconnect: { waitOnFirstConnect: true, maxDelayMs: 1_000 },
  onStatus: (status) => console.log(describe(status)),
  signal: interrupted.signal,
});
for await (const alert of alerts) console.log(`alert: ${alert.rule}`);
await falco.close();
