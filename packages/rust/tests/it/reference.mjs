// Reference servers for the tests in Rust: one command a line on stdin, one answer a line on stdout, both JSON.
import { createInterface } from "node:readline";
import { startServer } from "@falco-outputs/server";
import { Authority, writeIdentity } from "@falco-outputs/testing";

const servers = new Map();
const authorities = new Map();

const commands = {
  async start({ server, options }) {
    servers.set(server, await startServer(options));
    return servers.get(server).address;
  },
  async stop({ server }) {
    await servers.get(server).stop();
    servers.delete(server);
  },
  /** Alerts of the rules "Rule FROM" to "Rule TO"; returns their sequence numbers. */
  async publish({ server, from, to }) {
    const sequences = [];
    for (let number = from; number <= to; number++) {
      const sequence = await servers.get(server).publish({ rule: `Rule ${number}`, priority: "Notice" });
      sequences.push(Number(sequence));
    }
    return sequences;
  },
  async line({ server, line }) {
    return Number(await servers.get(server).publish(line));
  },
  async stats({ server }) {
    return servers.get(server).stats();
  },
  /** Writes PEM files into a folder; returns their paths. */
  async identity({ folder, name, authority, names, days }) {
    if (!authorities.has(authority)) authorities.set(authority, await Authority.create());
    const issuer = authorities.get(authority);
    return writeIdentity(folder, name, issuer.ca, await issuer.issue({ names, days }));
  },
};

for await (const text of createInterface({ input: process.stdin })) {
  const { id, command, ...parameters } = JSON.parse(text);
  commands[command](parameters).then(
    (answer) => tell({ id, answer: answer ?? null }),
    (error) => tell({ id, error: error.message }),
  );
}
// The tests have ended, in whatever way. No server may outlive them.
process.exit();

function tell(answer) {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
