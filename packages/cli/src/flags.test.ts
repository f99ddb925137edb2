import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FalcoOutputsServer, startServer } from "@falco-outputs/server";
import { Authority, writeIdentity } from "@falco-outputs/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { definitionOf } from "./args/definition.js";
import { commandPaths } from "./completion/words.js";
import { createProgram } from "./program.js";
import { certsFlags } from "./testing/certs-flags.js";
import { type Ended, ran } from "./testing/in-process.js";
import { endRuns, Run } from "./testing/run.js";
import { serveFlags } from "./testing/serve-flags.js";
import { testFlags } from "./testing/test-flags.js";

// Every flag of the command, with what it is for. The last test fails if one is missing.

const time = (second: number) => `2026-06-02T09:00:0${second}Z`;
const alerts = [
  {
    rule: "Shell",
    priority: "Notice",
    tags: ["x"],
    hostname: "one",
    fields: ["shop", "web", "nginx", "1.27"],
  },
  {
    rule: "Read",
    priority: "Warning",
    tags: ["y"],
    hostname: "two",
    fields: ["pay", "db", "postgres", "16"],
  },
  { rule: "Noisy", priority: "Critical", tags: [], hostname: "one", source: "k8s_audit" },
] as const;

let folder: string;
let server: FalcoOutputsServer;
/** Whose shared queue is filled for each case that takes from it. */
let queue: FalcoOutputsServer;
/** The same over TCP, and over mutual TLS. */
let open: FalcoOutputsServer;
let secure: FalcoOutputsServer;
let identity: { ca: string; cert: string; key: string };
let silent: string;
let file: string;

async function publishAlerts(to: FalcoOutputsServer): Promise<void> {
  for (const [index, alert] of alerts.entries()) {
    const { rule, priority, tags, hostname } = alert;
    const names = ["k8s.ns.name", "k8s.pod.name", "container.image.repository", "container.image.tag"];
    const values = "fields" in alert ? alert.fields : [];
    const outputFields = Object.fromEntries(values.map((value, field) => [names[field]!, value]));
    const source = "source" in alert ? alert.source : "syscall";
    const own = { rule, priority, tags, hostname, source, outputFields, time: time(index + 1) };
    await to.publish({ ...own, output: "abc"[index]! });
  }
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "flags-"));
  const authority = await Authority.create();
  const { ca, cert, key } = writeIdentity(folder, "server", authority.ca, await authority.issue());
  identity = writeIdentity(folder, "client", authority.ca, await authority.issue());
  const falco = { version: "0.44.1" };
  server = await startServer({ falco });
  queue = await startServer();
  open = await startServer({ falco, listen: [{ address: "127.0.0.1:0", insecure: true }] });
  secure = await startServer({ falco, listen: [{ address: "127.0.0.1:0", tls: { ca, cert, key } }] });
  await using kept = await startServer({ listen: [], log: { directory: join(folder, "log") } });
  for (const each of [server, open, secure, kept]) await publishAlerts(each);
  silent = join(folder, "silent.sock");
  await new Promise<void>((resolve) => createServer().listen(silent, resolve).unref());
  file = join(folder, "alerts.jsonl");
  writeFileSync(file, `{"rule":"Of a file","priority":"Notice","output":"d"}\n`);
});
afterAll(async () => {
  for (const each of [server, queue, open, secure]) await each.stop();
  rmSync(folder, { recursive: true });
});
afterEach(() => {
  endRuns();
  vi.unstubAllEnvs();
});

interface Case {
  /** The flag and its value, if it has one. */
  readonly flag: () => readonly string[];
  readonly prepare?: () => Promise<void>;
  /** What else is on the command line. */
  readonly args?: (() => readonly string[]) | undefined;
  /** The outputs of the alerts that `get` and `sub` print, in their order, e.g. "bc"; else how it ends. */
  readonly prints: string | Partial<Record<keyof Ended, unknown>>;
}

const of = (name: string, value: string | (() => string), prints: Case["prints"], args?: Case["args"]) =>
  [name, { flag: () => [name, typeof value === "string" ? value : value()], prints, args }] as const;
const switched = (name: string, prints: Case["prints"], args?: Case["args"]) =>
  [name, { flag: () => [name], prints, args }] as const;
const out = (pattern: RegExp) => ({ status: 0, out: expect.stringMatching(pattern) });
const refused = (pattern: RegExp) => ({ status: 1, out: "", err: expect.stringMatching(pattern) });
const firstAlert = () => `${BigInt(server.stats().last) - 2n}`;
const to = (address: () => string) => () => ["--address", address()];
const tls = (...names: (keyof typeof identity)[]) => names.flatMap((name) => [`--${name}`, identity[name]]);

/** How a client's commands reach a server. @param answers What they say when they do. */
const connection = (answers: Case["prints"], isAdmin = false): (readonly [string, Case])[] => [
  of("--address", () => server.address, answers),
  switched(
    "--insecure-tcp",
    isAdmin ? refused(/not served without TLS/) : answers,
    to(() => open.address),
  ),
  ...(["cert", "key", "ca"] as const).map((name) => {
    const others = (["cert", "key", "ca"] as const).filter((other) => other !== name);
    const prints = isAdmin ? refused(/none of the names .* is allowed/) : answers;
    return of(
      `--${name}`,
      () => identity[name],
      prints,
      () => [...tls(...others), "--address", secure.address],
    );
  }),
  of("--server-name", "another.example", refused(/for another name/), () => [
    ...tls("cert", "key", "ca"),
    "--address",
    secure.address,
  ]),
  of(
    "--timeout",
    "300ms",
    refused(/time|within/),
    to(() => silent),
  ),
];

const filters: readonly (readonly [string, Case])[] = [
  of("--min-priority", "Warning", "bc"),
  of("--rule", "*e*", "ab"),
  of("--tag", "x", "a"),
  of("--source", "k8s_audit", "c"),
  of("--host", "one", "ac"),
  of("--field", "k8s.ns.name=p*", "b"),
  of("--namespace", "shop", "a"),
  of("--pod", "pay/db", "b"),
  of("--container-image", "nginx:1.27", "a"),
  ["--not", { flag: () => ["--not"], args: () => ["--not", "--rule", "Read"], prints: "ac" }],
  of("--allow", '[{"tags": ["x"]}, {"minPriority": "critical"}]', "ac"),
  of("--deny", '{"min_priority": 4}', "a"),
  ["--print-filters", { flag: () => ["--print-filters"], prints: out(/^\{"allow":\[\],"deny":\[\]\}\n$/) }],
];

const printing: readonly (readonly [string, Case])[] = [
  of("--output", "dict", out(/^ +RULE: Shell$/m)),
  of("--columns", "rule,k8s.pod.name", out(/^RULE +K8S\.POD\.NAME\nShell +web\n/)),
  of("--time-format", "UNIX", out(/^1780390801\.000000000 +Notice/), () => ["--output", "compact"]),
  of("--color", "always", { status: 0, out: expect.stringContaining("\u001b[") }, () => [
    "--output",
    "compact",
  ]),
];

const both: readonly (readonly [string, Case])[] = [
  of(
    "--group",
    () => `of-${Math.random()}`,
    "abc",
    () => ["--after", "0"],
  ),
  [
    "--shared",
    {
      flag: () => ["--shared"],
      args: to(() => queue.address),
      prints: "abc",
      prepare: () => publishAlerts(queue),
    },
  ],
  of("--since", time(2), "bc"),
  of("--after", firstAlert, "bc"),
  of("--last", "1", "c"),
  of("--count", "1", "a"),
  of("--input", () => file, "d"),
  ...filters,
  ...printing,
  ...connection("abc"),
  switched("--wait", refused(/no server answered within 300 ms/), () => [
    "--timeout",
    "300ms",
    "--address",
    silent,
  ]),
];

const clients: Readonly<Record<string, readonly (readonly [string, Case])[]>> = {
  get: [...both, of("--until", time(2), "a"), switched("--follow", "abc", () => ["--count", "3"])],
  sub: [...both, switched("--acknowledge", "abc", () => ["--group", `of-${Math.random()}`, "--after", "0"])],
  version: [of("--output", "json", out(/"version":"0\.44\.1"/)), ...connection(out(/^0\.44\.1\n$/))],
  status: [
    of("--output", "json", out(/"retained":"3"/)),
    ...connection(out(/^retained: +3 of 3 alerts/m), true),
  ],
  groups: [
    of("--output", "json", out(/^\[\{"name":"",/)),
    ...connection(out(/^\(shared queue\) +\d/m), true),
  ],
  "groups forget": [
    of("--output", "json", refused(/there is no group "x"/)),
    ...connection(refused(/there is no group "x"/), true),
  ],
  "log info": [of("--output", "json", out(/"segments":\[\{/))],
  "log verify": [of("--output", "json", out(/"findings":\[\]/))],
  "log export": [of("--since", time(2), "bc"), of("--until", time(2), "a"), ...filters, ...printing],
};

/** What leads `sub` to its end, and to alerts of the past. */
function ending(method: string, args: readonly string[], prints: Case["prints"]): string[] {
  if (method !== "sub") return [];
  const isPlaced = ["--since", "--after", "--last", "--group", "--shared", "--input"].some((flag) =>
    args.includes(flag),
  );
  const count = typeof prints === "string" ? prints.length : alerts.length;
  return [
    ...(isPlaced ? [] : ["--after", "0"]),
    ...(args.includes("--count") || args.includes("--input") ? [] : ["--count", `${count}`]),
  ];
}

async function expectPrints(line: readonly string[], prints: Case["prints"]): Promise<void> {
  const isOfAlerts = typeof prints === "string";
  const ended = await ran(...line, ...(isOfAlerts ? ["--output", "json"] : []));
  if (!isOfAlerts) return expect(ended).toMatchObject(prints);
  expect(ended).toMatchObject({ status: 0, err: "" });
  const outputs = ended.out.split("\n").slice(0, -1);
  expect(outputs.map((text) => JSON.parse(text).output).join("")).toBe(prints);
}

const program = definitionOf(createProgram());
const variableOf = (command: string, name: string) =>
  commandPaths(program)
    .find(({ path }) => path.join(" ") === command)!
    .command.flags.find(({ names }) => names.includes(name))!.variable;

describe.each(Object.entries(clients))("%s", (command, cases) => {
  const words = (...args: readonly string[]) => [
    ...command.split(" "),
    ...(command === "groups forget" ? ["x"] : []),
    ...(command.startsWith("log ") ? [join(folder, "log")] : []),
    ...args,
  ];

  it.each(cases)("%s", async (name, { prepare, flag, args = () => [], prints }) => {
    await prepare?.();
    if (name !== "--address") vi.stubEnv("FALCO_OUTPUTS_ADDRESS", server.address);
    const given =
      ["--not", "--print-filters"].includes(name) && args().length > 0 ? args() : [...flag(), ...args()];
    await expectPrints(words(...given, ...ending(command, given, prints)), prints);
  });

  it.each(cases.filter(([name]) => !["--not", "--print-filters"].includes(name)))(
    "%s from the environment",
    async (name, { prepare, flag, args = () => [], prints }) => {
      await prepare?.();
      if (name !== "--address") vi.stubEnv("FALCO_OUTPUTS_ADDRESS", server.address);
      const [, value = "true"] = flag();
      vi.stubEnv(variableOf(command, name)!, value);
      const rest = args();
      await expectPrints(words(...rest, ...ending(command, [name, ...rest], prints)), prints);
    },
  );
});

describe("serve", () => {
  it.each(Object.entries(serveFlags))("%s", (_, check) => check(folder));
});

describe("certs", () => {
  it.each(Object.entries(certsFlags))("%s", (_, check) => check(join(folder, `${Math.random()}`)));
});

describe("test", () => {
  it.each(Object.entries(testFlags))("%s", (_, check) => check(folder));
});

describe("forward", () => {
  // Its http input never answers.
  it.each([
    [["--address", "SILENT", "--timeout", "300ms"], {}],
    [[], { FALCO_OUTPUTS_INPUT: "SILENT", FALCO_OUTPUTS_TIMEOUT: "300ms" }],
  ])("%j %j", async (flags, variables) => {
    const named = (text: string) => text.replace("SILENT", silent);
    const env = Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, named(value)]));
    const run = new Run(["forward", ...flags.map(named)], env);
    run.child.stdin.end("{}");
    expect([await run.status, run.err]).toEqual([
      1,
      `falco-outputs: ${silent}: no answer within 300 ms (--timeout)\n`,
    ]);
  });
});

it("has all flags in this table", () => {
  const listed = [
    ...Object.entries(clients).flatMap(([command, cases]) => cases.map(([name]) => `${command} ${name}`)),
    ...Object.keys(serveFlags).map((name) => `serve ${name}`),
    ...Object.keys(testFlags).map((name) => `test ${name}`),
    ...Object.keys(certsFlags).map((name) => `certs ${name}`),
    ...["forward --address", "forward --timeout"],
    // In check/check.test.ts.
    ...["check --config", "check --connect"],
  ];
  const defined = commandPaths(program).flatMap(({ path, command }) =>
    command.flags
      .map(({ names }) => [...path, names.at(-1)].join(" "))
      .filter((flag) => !/--(help|version)$/.test(flag)),
  );
  expect(listed.sort()).toEqual(defined.sort());
});
