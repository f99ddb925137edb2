// A reference server that retains alerts for benches/throughput.rs; prints its address. node server.mjs [COUNT]
import { startServer } from "@falco-outputs/server";
import { fixtureLines } from "@falco-outputs/testing";

const count = Number(process.argv[2] ?? 100_000);
const lines = fixtureLines("alerts.jsonl");
const server = await startServer({ maxAlerts: count, maxBytes: 1024 * 1024 * 1024 });
for (let index = 0; index < count; index++) await server.publish(lines[index % lines.length]);
console.log(server.address);
