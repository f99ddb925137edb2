// The server of the benchmark: COUNT alerts in its log, its address on stdout, until stdin ends.
import { startServer } from "@falco-outputs/server";
import { fixtureLines } from "@falco-outputs/testing";

const count = Number(process.argv[2]);
const server = await startServer({ maxAlerts: count, maxBytes: 1024 * 1024 * 1024 });
const lines = fixtureLines("alerts.jsonl");
for (let index = 0; index < count; index++) await server.publish(lines[index % lines.length]);
console.log(server.address);
process.stdin.resume().on("end", () => process.exit(0));
