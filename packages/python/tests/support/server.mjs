// The reference server for tests in another language. Reads one JSON object a line on stdin, each a command with an
// `id`, and answers each with one line.
import { createInterface } from "node:readline";
import { startServer } from "@falco-outputs/server";
import { Authority, fixtureLines, writeIdentity } from "@falco-outputs/testing";

let server;
let options = {};
let authority;

const commands = {
  async start(given) {
    options = given;
    server = await startServer(options);
    return { address: server.address };
  },
  /** A server of the same kind on the same address: its log is a new one. */
  async restart() {
    const { address } = server;
    await server.stop();
    const [first] = options.listen ?? [address];
    server = await startServer({
      ...options,
      listen: [typeof first === "string" ? address : { ...first, address }],
    });
  },
  async stop() {
    await server.stop();
  },
  async publish({ alerts }) {
    const sequences = [];
    for (const alert of alerts) {
      const sequence = await server.publish(
        typeof alert === "string" ? alert : Buffer.from(alert.hex, "hex"),
      );
      sequences.push(String(sequence));
    }
    return sequences;
  },
  async fixtures({ count }) {
    const lines = fixtureLines("alerts.jsonl");
    for (let index = 0; index < count; index++) await server.publish(lines[index % lines.length]);
  },
  subscribers: async ({ count }) => server.waitForSubscribers(count),
  stats: async () => server.stats(),
  /** Certificates of one authority, in a folder: server.crt, client.crt and so on. */
  async certificates({ folder, name, names = ["localhost"], days = 1, another = false }) {
    authority ??= await Authority.create();
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
