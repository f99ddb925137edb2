// The reference server for the Go tests. One JSON object a line on stdin, each a command; one a line on stdout, each the
// answer to the command of the same id. Ends with stdin.
import { createInterface } from "node:readline";
import { startServer } from "@falco-outputs/server";
import { Authority, fixtureLines, writeIdentity } from "@falco-outputs/testing";

const servers = new Map();
const authorities = new Map();

const commands = {
  /** `tls` and the like stand in the options as startServer takes them. Gives its number and addresses. */
  async start({ options }) {
    const server = await startServer(options ?? {});
    const number = servers.size + 1;
    servers.set(number, server);
    return { server: number, address: server.address, http: server.httpUrl };
  },
  async stop({ server }) {
    await servers.get(server).stop();
  },
  /** Gives the sequence numbers. */
  async publish({ server, alerts }) {
    const sequences = [];
    for (const alert of alerts) sequences.push(String(await servers.get(server).publish(alert)));
    return { sequences };
  },
  /** Alerts of rules "Rule FROM" to "Rule TO". */
  async publishNumbered({ server, from, to }) {
    const sequences = [];
    for (let number = from; number <= to; number++) {
      const alert = { rule: `Rule ${number}`, priority: "Notice" };
      sequences.push(String(await servers.get(server).publish(alert)));
    }
    return { sequences };
  },
  async waitForSubscribers({ server, count }) {
    await servers.get(server).waitForSubscribers(count);
  },
  stats({ server }) {
    return { stats: servers.get(server).stats() };
  },
  fixtures() {
    return { lines: fixtureLines("alerts.jsonl") };
  },
  /** Writes PEM files of an authority, by its name, into a folder. Gives their paths. */
  async identity({ folder, authority, kind, issue }) {
    if (!authorities.has(authority)) authorities.set(authority, await Authority.create());
    const { ca } = authorities.get(authority);
    return { identity: writeIdentity(folder, kind, ca, await authorities.get(authority).issue(issue)) };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, command, ...rest } = JSON.parse(line);
  Promise.resolve()
    .then(() => commands[command](rest))
    .then((result) => answer({ id, ...result }))
    .catch((error) => answer({ id, error: String(error) }));
}
for (const server of servers.values()) await server.stop();

function answer(line) {
  process.stdout.write(
    `${JSON.stringify(line, (_, value) => (typeof value === "bigint" ? String(value) : value))}\n`,
  );
}
