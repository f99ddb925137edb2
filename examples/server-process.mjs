// A server in a process of its own, which a test can kill: node server-process.mjs PATH. Each line of its standard input is
// an alert. It prints "ready" when it listens, and "subscribed" when there is a subscriber.
import { startServer } from "@falco-outputs/server";

const server = await startServer({ listen: [process.argv[2]] });
console.log("ready");
server.waitForSubscribers(1).then(() => console.log("subscribed"));
await server.readLines(process.stdin);
