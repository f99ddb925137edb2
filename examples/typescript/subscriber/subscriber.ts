// Prints Falco's alerts as they arrive, until Ctrl-C.
//
//   npm start [ADDRESS]        ADDRESS: unix:///path (default: unix:///run/falco/falco.sock)

import { styleText } from "node:util";
import { type Alert, createClient, priorityName } from "@falco-outputs/node";

type Style = Parameters<typeof styleText>[0];
const styles: Style[] = ["magenta", "magenta", "red", "red", "yellow", "cyan", "green", "gray"];

function print(alert: Alert): void {
  const priority = styleText(styles[alert.priority] ?? "reset", priorityName(alert).padEnd(13));
  // An alert quotes what an attacker typed: JSON keeps control characters away from the terminal.
  console.log(alert.toJSON().time, priority, alert.rule, JSON.stringify(alert.output));
}

const interrupted = new AbortController();
process.once("SIGINT", () => interrupted.abort());

const address = process.argv[2];
const falco = createClient(address === undefined ? {} : { address });
for await (const alert of falco.sub({ signal: interrupted.signal })) print(alert);
await falco.close();
