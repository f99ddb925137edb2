// A writer like Falco's file_output, which a test starts: `node writer-process.mjs PATH`. For each line `COUNT` on its
// standard input it appends so many numbered alerts, and prints how many it has written in all, now and then and after
// the last one. SIGUSR1 lets it open the file again, as Falco does; it prints how many it had written by then. It ends
// when its standard input does.
import { closeSync, openSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { setImmediate as turn } from "node:timers/promises";

const path = process.argv[2];
let file = openSync(path, "a", 0o600);
let written = 0;

process.on("SIGUSR1", () => {
  closeSync(file);
  file = openSync(path, "a", 0o600);
  console.log(`opened ${written}`);
});
console.log("opened 0");

for await (const count of createInterface({ input: process.stdin })) {
  const end = written + Number(count);
  while (written < end) {
    const line = `{"rule":"${written}","priority":"Notice","output":"${"x".repeat(written % 700)}"}\n`;
    // Some lines come in two pieces.
    const cut = written % 5 === 0 ? written % line.length : line.length;
    writeSync(file, line.slice(0, cut));
    if (cut < line.length) writeSync(file, line.slice(cut));
    written++;
    // Signals are heard between two turns of the event loop.
    if (written % 10 === 0) await turn();
    if (written % 100 === 0 || written === end) console.log(`written ${written}`);
  }
}
