// A subscriber that a test starts, watches and kills: `node subscriber-process.mjs '{"client": ..., "sub": ...}'`.
// It prints a line for each alert and each status; a line is written when the call returns, so that what was printed
// was printed before it was acknowledged. SIGTERM ends the stream; the process then has to end by itself.
import { writeSync } from "node:fs";
import { createClient } from "@falco-outputs/node";

const { client: clientOptions, sub, holdAt } = JSON.parse(process.argv[2]);
const ending = new AbortController();
process.once("SIGTERM", () => ending.abort());

const client = createClient(clientOptions);
const stream = client.sub({
  ...sub,
  signal: ending.signal,
  onStatus({ type, loss }) {
    print(loss === undefined ? `status ${type}` : `lost ${JSON.stringify(loss, text)}`);
  },
});
let count = 0;
for await (const { sequence } of stream) {
  if (sequence === 0n) continue;
  print(`alert ${sequence}`);
  count++;
  // At work on this alert for as long as it lives.
  if (count === holdAt) await new Promise(() => setInterval(() => undefined, 1000));
}
await client.close();

function print(line) {
  writeSync(1, `${line}\n`);
}

function text(_, value) {
  return typeof value === "bigint" ? String(value) : value;
}
