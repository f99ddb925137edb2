// The testee of @falco-outputs/web: its public API, as a page has it, on Node's fetch. Its argument is the protocol.
import { alertToJson, type ClientOptions, Code, createClient, FalcoError } from "@falco-outputs/web";
import { serveClient } from "../typescript/serve-client.js";

// createClient refuses any other.
const protocol = process.argv[2] as NonNullable<ClientOptions["protocol"]>;

await serveClient({
  connect: ({ address }) => createClient({ baseUrl: address, protocol }),
  alertToJson,
  FalcoError,
  Code,
});
