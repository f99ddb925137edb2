// Prints Falco's alerts as JSON from a server on another machine, over mutual TLS, until Ctrl-C.
//
//   npm start ADDRESS FOLDER    ADDRESS: host:port; FOLDER holds ca.crt, client.crt and client.key

import { join } from "node:path";
import { createClient, FalcoError } from "@falco-outputs/node";

const [address = "localhost:5060", folder = "/etc/falco/certs"] = process.argv.slice(2);
const interrupted = new AbortController();
process.once("SIGINT", () => interrupted.abort());

const falco = createClient({
  address,
  tls: {
    ca: join(folder, "ca.crt"),
    cert: join(folder, "client.crt"),
    key: join(folder, "client.key"),
  },
});
try {
  for await (const alert of falco.sub({ signal: interrupted.signal })) {
    console.log(JSON.stringify(alert));
  }
} catch (error) {
  // The message says what was tried and what to do: a wrong name, an expired certificate, nobody there ...
  if (!(error instanceof FalcoError)) throw error;
  console.error(`${error.codeName}: ${error.message}`);
  process.exitCode = 1;
}
await falco.close();
