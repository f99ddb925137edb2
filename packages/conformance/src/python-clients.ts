import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Feature } from "./case.js";
import type { ClientUnderTest } from "./clients.js";

/** Python programs, each in a virtual environment that is made when the first of them runs. */
export function pythonClients(today: readonly Feature[]): ClientUnderTest[] {
  const ours: readonly Feature[] = [
    ...today,
    "sub",
    "get",
    "version",
    "read_alert",
    "options",
    "filter_locally",
    "acknowledgement",
    "acknowledges",
    "reconnect",
    "statuses",
    "json",
    "tls",
    "tls_to_ip_address",
  ];
  return [
    client("python", "development", ours, "python/main.py", "async"),
    client("python-sync", "development", ours, "python/main.py", "sync"),
    client(
      "client-py",
      "client-py",
      ["sub", "get", "version", "anonymous", "tls", "tls_to_ip_address"],
      "client-py/main.py",
    ),
    client(
      "client-rs-replay",
      "development",
      ["every_field", "deadline", "subscribe", "anonymous", "tls", "tls_to_ip_address"],
      "client-rs-replay/main.py",
    ),
  ];
}

function client(
  name: string,
  environment: string,
  features: readonly Feature[],
  program: string,
  ...args: string[]
): ClientUnderTest {
  const path = fileURLToPath(new URL(`../src/testees/${program}`, import.meta.url));
  return {
    name,
    get command(): [string, ...string[]] {
      return [environmentOf(environment).text, path, ...args];
    },
    takes: "grpc",
    features: new Set(features),
    lacks() {
      const { ok, text } = environmentOf(environment);
      return ok ? undefined : `missing: ${text}`;
    },
  };
}

const made = new Map<string, { ok: boolean; text: string }>();

/** The interpreter of an environment, or what this machine lacks to make it. */
function environmentOf(name: string): { ok: boolean; text: string } {
  let known = made.get(name);
  if (known === undefined) {
    const script = fileURLToPath(new URL("../../python/scripts/environment.mjs", import.meta.url));
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, name], { encoding: "utf8" });
    if (status !== 0 && status !== 3) throw new Error(`${script} ${name} failed: ${stderr}`);
    known = { ok: status === 0, text: stdout.trim() };
    made.set(name, known);
  }
  return known;
}
