// A server that a test kills: `node server.mjs '{"listen": ..., "log": ...}'`, what `startServer` takes. It reads standard
// input as well. It prints a line of JSON when it is ready, and one for whatever it warns of.
import { startServer } from "@falco-outputs/server";

const print = (fields) => console.log(JSON.stringify(fields));
const warn = (fields, message) => print({ message, ...fields });
const logger = { info: () => {}, warn, error: warn };
const server = await startServer({ ...JSON.parse(process.argv[2]), logger });
server.readLines(process.stdin).catch((error) => warn({ error: String(error) }, "standard input"));
print({ ready: true, http: server.httpUrl });
