// A server in a process of its own, which a test can kill or freeze: node server-process.mjs PATH HEARTBEAT_MS. Each line of
// its standard input is an alert. It prints "ready" when it listens, and "subscribed" when there is a subscriber.
import { startServer } from "@falco-outputs/server";

const [, , path, heartbeatMs] = process.argv;
const server = await startServer({ listen: [path], heartbeatIntervalMs: Number(heartbeatMs) });
console.log("ready");
server.waitForSubscribers(1).then(() => console.log("subscribed"));
await server.readLines(process.stdin);
