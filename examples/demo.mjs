// The demo: a server, Falco's alerts posted as its http_output does, and the example subscriber that prints them.
// Run it by `npm run demo` at the top, which installs and builds first.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { startServer } from "@falco-outputs/server";
import { fixtureLines } from "@falco-outputs/testing";

const alerts = fixtureLines("alerts.jsonl");
const timeoutMs = 30_000;

const server = await startServer({ inputs: { http: ["127.0.0.1:0"] } });
console.log(`\nThe server listens on ${server.address} and takes alerts at ${server.httpUrl}`);

const subscriber = startSubscriber(server.address);
// Without a word from it for so long, something is wrong that the subscriber's own output tells.
const timeout = setTimeout(() => fail(`not every alert arrived within ${timeoutMs / 1000} s`), timeoutMs);
subscriber.on("exit", (code) => fail(`the subscriber ended with status ${code}`));
await server.waitForSubscribers(1);
console.log(
  "The example subscriber (examples/typescript/subscriber) is connected. Falco raises its alerts:\n",
);

const printed = createInterface({ input: subscriber.stdout })[Symbol.asyncIterator]();
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
let slowestMs = 0;
for (const alert of alerts) {
  const postedAt = performance.now();
  await post(alert);
  const { value: line } = await printed.next();
  slowestMs = Math.max(slowestMs, performance.now() - postedAt);
  console.log(line);
}
clearTimeout(timeout);
agent.destroy();
subscriber.removeAllListeners("exit");
subscriber.kill("SIGINT");
await once(subscriber, "exit");
await server.stop();

console.log(`
${alerts.length} alerts arrived. The slowest took ${slowestMs.toFixed(1)} ms from post to print.

Next, in this folder, with a Falco of your own:
1. In falco.yaml:
     json_output: true
     http_output:
       enabled: true
       url: http://127.0.0.1:5061/
2. Start the server:  npx falco-outputs serve
3. Subscribe to it:   npx falco-outputs sub
`);

/** The example as a user runs it; its colours are those of this terminal. */
function startSubscriber(address) {
  const cwd = fileURLToPath(new URL("typescript/subscriber", import.meta.url));
  const color = process.stdout.hasColors?.() === true ? { FORCE_COLOR: "1" } : {};
  return spawn(process.execPath, ["--import", "tsx", "subscriber.ts", address], {
    cwd,
    env: { ...process.env, ...color },
    stdio: ["ignore", "pipe", "inherit"],
  });
}

/** One alert as Falco's http_output posts it: over one connection, one after the other. */
async function post(alert) {
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(alert) };
  const sent = request(server.httpUrl, { method: "POST", agent, headers }).end(alert);
  const [response] = await once(sent, "response");
  response.resume();
  await once(response, "end");
  if (response.statusCode !== 200) fail(`the http input answered ${response.statusCode}`);
}

function fail(reason) {
  console.error(`The demo failed: ${reason}.`);
  process.exit(1);
}
