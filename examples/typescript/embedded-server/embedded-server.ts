// Tests a subscriber of your own without a Falco: the server in the same process, on a private socket.
//
//   npm start

import assert from "node:assert/strict";
import { type Alert, createClient, isAtLeast } from "@falco-outputs/node";
import { startServer } from "@falco-outputs/server";

/** What is tested: waits for an alert that is worth a call at night. */
async function nextPage(address: string): Promise<Alert> {
  await using falco = createClient({ address });
  for await (const alert of falco.sub()) if (isAtLeast(alert, "critical")) return alert;
  throw new Error("the server stopped");
}

await using server = await startServer();
const page = nextPage(server.address);
await server.waitForSubscribers(1);

await server.publish({ rule: "Terminal shell in container", priority: "Notice" });
await server.publish({
  rule: "Drop and execute new binary in container",
  priority: "Critical",
  outputFields: { "proc.name": "kworker", "proc.tty": 34817 },
});

const alert = await page;
assert.equal(alert.rule, "Drop and execute new binary in container");
assert.equal(alert.outputFields["proc.tty"], "34817");
console.log(`paged for: ${alert.rule}`);
