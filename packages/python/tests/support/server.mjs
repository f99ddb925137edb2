// Reference servers for tests in another language. Reads one JSON object a line on stdin, each a command with an `id`, and
// answers each with one line. Ends with stdin.
import { createInterface } from "node:readline";
import { startServer } from "@falco-outputs/server";
import { Authority, fixtureLines, writeIdentity } from "@falco-outputs/testing";

/** By the numbers that the tests assigned. */
const running = new Map();
const authority = await Authority.create();

const commands = {
  async start({ server, options }) {
    running.set(server, { options, falco: await startServer(options) });
    return { address: running.get(server).falco.address };
  },
  /** A server with the same options on the same address, with a new log. */
  async restart({ server }) {
    const { options, falco } = running.get(server);
    const { address } = falco;
    await falco.stop();
    const [first] = options.listen ?? [address];
    running.get(server).falco = await startServer({
      ...options,
      listen: [typeof first === "string" ? address : { ...first, address }],
    });
  },
  /** Does nothing if the server is not running. */
  async stop({ server }) {
    await running.get(server)?.falco.stop();
    running.delete(server);
  },
  async publish({ server, alerts }) {
    const sequences = [];
    for (const alert of alerts) {
      const sequence = await running
        .get(server)
        .falco.publish(typeof alert === "string" ? alert : Buffer.from(alert.hex, "hex"));
      sequences.push(String(sequence));
    }
    return sequences;
  },
  async fixtures({ server, count }) {
    const lines = fixtureLines("alerts.jsonl");
    for (let index = 0; index < count; index++) {
      await running.get(server).falco.publish(lines[index % lines.length]);
    }
  },
  subscribers: async ({ server, count }) => running.get(server).falco.waitForSubscribers(count),
  stats: async ({ server }) => running.get(server).falco.stats(),
  /** Certificates of one authority, in a folder: server.crt, client.crt and so on. */
  async certificates({ folder, name, names = ["localhost"], days = 1, another = false }) {
    const issuer = another ? await Authority.create() : authority;
    return writeIdentity(folder, name, issuer.ca, await issuer.issue({ names, days }));
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, command, ...rest } = JSON.parse(line);
  commands[command](rest).then(
    (result) => answer({ id, result }),
    (error) => answer({ id, error: error.message }),
  );
}
process.exit(0);

function answer(line) {
  process.stdout.write(
    `${JSON.stringify(line, (_, value) => (typeof value === "bigint" ? String(value) : value))}\n`,
  );
}
