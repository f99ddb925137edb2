// A server that a test starts and kills: `node server-process.mjs '{"listen": ..., "inputs": ...}'`, what `startServer`
// takes. It prints "ready", and what it warns of.
import { startServer } from "@falco-outputs/server";

const print = (fields, message) => console.log(JSON.stringify({ message, ...fields }));
await startServer({ ...JSON.parse(process.argv[2]), logger: { info: () => {}, warn: print, error: print } });
console.log("ready");
