import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type Config, configSchema } from "./schema.js";
import { servingOf } from "./serving-of.js";

function serving(yaml: string) {
  return servingOf(configSchema.parse(parse(yaml) ?? {}) as Config);
}

it("serves gRPC and takes posts where nothing else is said", () => {
  const { server, stdin, upstreams } = serving("");
  expect(server.listen).toHaveLength(1);
  expect(server.inputs?.http).toEqual([
    { address: expect.stringMatching(/^unix:.*\.sock$/) },
    { address: "127.0.0.1:5061" },
  ]);
  expect({ stdin, upstreams }).toEqual({ stdin: false, upstreams: [] });
});

it("leaves out what is off", () => {
  const { server } = serving(`
grpc: { enabled: false, bind_address: 0.0.0.0:5060 }
stdout_output: { enabled: true }
file_output: { enabled: false, filename: x }
http_output: { enabled: false }
inputs: { http: { enabled: false }, stdin: {} }
`);
  expect(server.listen).toEqual([]);
  expect(server.inputs).toEqual({ http: [], files: [] });
  expect(Object.keys(server.outputs!)).not.toContain("file");
  expect(server.outputs).toMatchObject({ stdout: true });
});

it("has the outputs as falco.yaml says", () => {
  const { server } = serving(`
json_output: true
json_include_tags_property: false
time_format_iso_8601: true
priority: warning
outputs_queue: { capacity: 500 }
output_timeout: 3000
file_output: { enabled: true, filename: /var/log/falco.log, keep_alive: true, mode: "0640" }
program_output: { enabled: true, program: "cat >/dev/null", keep_alive: true }
http_output: { enabled: true, url: "https://receiver.example/", ca_cert: ca.crt, max_consecutive_timeouts: 3 }
`);
  expect(server.priority).toBe("warning");
  expect(server.outputs).toEqual({
    format: { json: true, includeTags: false, timeFormatIso8601: true },
    queue: { maxAlerts: 500, timeoutMs: 3000 },
    file: { filename: "/var/log/falco.log", keepAlive: true, mode: 0o640 },
    program: { program: "cat >/dev/null", keepAlive: true },
    http: { url: "https://receiver.example/", caCert: "ca.crt", maxConsecutiveTimeouts: 3 },
  });
});

it("names who may ask for the status, besides those on unix sockets", () => {
  expect(serving("admin: { allowed_names: [ops.example] }").server.admin).toEqual({
    allowedNames: ["ops.example"],
  });
  expect(serving("admin: {}").server.admin).toEqual({});
  expect(serving("").server.admin).toBeUndefined();
});

it("listens with mutual TLS on each TCP address", () => {
  const { server } = serving(`
grpc:
  bind_address: [0.0.0.0:5060, unix:///tmp/falco.sock]
  private_key: server.key
  cert_chain: server.crt
  root_certs: ca.crt
  socket_mode: "0660"
  socket_group: falco
`);
  expect(server.listen).toEqual([
    { address: "0.0.0.0:5060", tls: { cert: "server.crt", key: "server.key", ca: "ca.crt" } },
    { address: "unix:///tmp/falco.sock", mode: 0o660, group: "falco" },
  ]);
});

describe("a block grpc with keys that are left out", () => {
  it("has Falco's default address if it is on, else ours", () => {
    const listen = (yaml: string) => serving(yaml).server.listen;
    expect(listen("grpc: { enabled: true, insecure: true }")).toEqual([
      { address: "0.0.0.0:5060", insecure: true },
    ]);
    expect(listen("grpc: { socket_mode: '0660' }")).toEqual([
      { address: expect.stringMatching(/^unix:/), mode: 0o660 },
    ]);
  });

  it("has Falco's default certificates on TCP, and names one that cannot be read", () => {
    expect(() => serving("grpc: { enabled: true, bind_address: 0.0.0.0:5060, threadiness: 0 }")).toThrow(
      "grpc.private_key: is missing, and Falco's default /etc/falco/certs/server.key cannot be read (ENOENT): expected private_key, cert_chain and root_certs (mutual TLS), or insecure: true",
    );
    expect(() =>
      serving("grpc: { bind_address: 0.0.0.0:5060, private_key: k, cert_chain: c, insecure: true }"),
    ).toThrow("grpc.root_certs: is missing, and Falco's default /etc/falco/certs/ca.crt cannot be read");
  });
});

it("posts by http where the URL has no scheme, as libcurl does", () => {
  const http = (url: string) => serving(`http_output: { enabled: true, url: "${url}" }`).server.outputs?.http;
  expect(http("receiver.monitoring")).toEqual({ url: "http://receiver.monitoring" });
  expect(http("localhost:2801/path")).toEqual({ url: "http://localhost:2801/path" });
  expect(http("HTTPS://receiver.example/")).toEqual({ url: "HTTPS://receiver.example/" });
});

it("tells which blocks are on that nobody asked for", () => {
  expect(serving("").byDefault).toEqual(["grpc", "inputs.http"]);
  expect(serving("grpc: { enabled: false }\nstdout_output: { enabled: true }").byDefault).toEqual([
    "inputs.http",
  ]);
  expect(serving("grpc: { bind_address: /a }\ninputs: { stdin: {} }").byDefault).toEqual([]);
});

it("serves browsers", () => {
  const { server } = serving(`
web: { bind_address: "127.0.0.1:5062", allowed_origins: ["http://localhost:8080"], private_key: k, cert_chain: c }
`);
  const shared = { allowedOrigins: ["http://localhost:8080"], tls: { cert: "c", key: "k" } };
  expect(server.web).toEqual([{ address: "127.0.0.1:5062", ...shared }]);
  const { items, ...two } = serving('web: { bind_address: ["127.0.0.1:5062", "[::1]:5062"] }');
  expect(two.server.web).toEqual([{ address: "127.0.0.1:5062" }, { address: "[::1]:5062" }]);
  expect(items["web.bind_address"]).toEqual(["web.bind_address[0]", "web.bind_address[1]"]);
  expect(serving("web: { enabled: false, bind_address: x }").server.web).toEqual([]);
});

it("takes alerts of other servers", () => {
  const { upstreams } = serving(`
inputs:
  grpc:
    - { name: node-1, address: "unix:///run/one.sock", group: aggregator }
    - { address: "node-2:5060", private_key: k, cert_chain: c, root_certs: a, server_name: falco }
    - { enabled: false, address: "node-3:5060" }
`);
  expect(upstreams).toMatchObject([
    { name: "node-1", group: "aggregator", client: { address: "unix:///run/one.sock" } },
    {
      name: "node-2:5060",
      client: { address: "node-2:5060", tls: { cert: "c", key: "k", ca: "a", serverName: "falco" } },
    },
  ]);
});

it.each([
  ["an output without its file", "file_output: { enabled: true }", "file_output.filename: is missing"],
  ["an output without its URL", "http_output: { enabled: true }", "http_output.url: is missing"],
  ["no input", "inputs: {}", "inputs: all are off"],
  [
    "gRPC that one of its two switches keeps off, and nothing else",
    "grpc: { enabled: true, bind_address: /a }\ngrpc_output: { enabled: false }",
    "grpc_output.enabled: false turns gRPC off although grpc.enabled is true",
  ],
  [
    "no output",
    "grpc: { enabled: false }\nstdout_output: { enabled: false }",
    "grpc is off, and so is every other output",
  ],
  [
    "two sources of Falco's version",
    "falco: { version: 0.44.1, url: http://localhost:8765 }",
    "falco.version and falco.url exclude each other",
  ],
])("refuses %s", (_, yaml, message) => {
  expect(() => serving(yaml)).toThrow(message);
});

it.each([
  [
    "two servers of one name",
    "inputs: { grpc: [{ name: a, address: /a }, { enabled: false, name: a, address: /b }, { name: a, address: /c }] }",
    'inputs.grpc[2].name: "a" is inputs.grpc[0].name as well, expected another one',
  ],
  [
    "one server twice",
    "inputs: { grpc: [{ address: /a }, { address: /a }] }",
    'inputs.grpc[1].address: "/a" is inputs.grpc[0].address as well, expected another one, or a name',
  ],
  [
    "what is no address of another server",
    "inputs: { grpc: [{ enabled: false, address: /a }, { address: nowhere }] }",
    'inputs.grpc[1].address: "nowhere", expected unix:///path',
  ],
])("refuses %s", (_, yaml, message) => {
  expect(() => serving(yaml)).toThrow(message);
});

it("has several outputs of a kind, and which alerts each gets", () => {
  const { server, items } = serving(`
http_output:
  - { enabled: false, name: off, url: "http://off.example" }
  - { enabled: true, name: slack, url: "https://hooks.example/x", priority: critical }
  - enabled: true
    url: archive.example
    allow: { rules: "Shell*", min_priority: notice, fields: { k8s.ns.name: [shop, "pay*"], container.id: [] } }
    deny: [{ tags: [noise] }, { sources: internal }]
file_output: [{ enabled: true, filename: /a }, { enabled: true, name: b, filename: /b, deny: { hostnames: [x] } }]
program_output: [{ enabled: true, program: cat }]
stdout_output: { enabled: true, priority: error }
syslog_output: { enabled: true, deny: { rules: [a] } }
`);
  expect(server.outputs).toMatchObject({
    http: [
      { name: "slack", url: "https://hooks.example/x", priority: "critical" },
      {
        url: "http://archive.example",
        allow: [
          {
            rules: ["Shell*"],
            minPriority: "notice",
            fields: { "k8s.ns.name": ["shop", "pay*"], "container.id": [] },
          },
        ],
        deny: [{ tags: ["noise"] }, { sources: ["internal"] }],
      },
    ],
    file: [{ filename: "/a" }, { name: "b", filename: "/b", deny: [{ hostnames: ["x"] }] }],
    program: [{ program: "cat" }],
    stdout: { priority: "error" },
    syslog: { deny: [{ rules: ["a"] }] },
  });
  expect(items).toMatchObject({
    http_output: ["http_output[1]", "http_output[2]"],
    file_output: ["file_output[0]", "file_output[1]"],
    program_output: ["program_output[0]"],
  });
});

it("takes posts on several listeners, each with its own trust", () => {
  const { server, items } = serving(`
inputs:
  http:
    - { bind_address: ["127.0.0.1:5061", "/run/in.sock"], socket_mode: "0660" }
    - { enabled: false, bind_address: "127.0.0.1:5062" }
    - bind_address: "0.0.0.0:5063"
      cert_chain: c
      private_key: k
      tokens: [{ name: node-1, token: 0123456789abcdef }, { name: node-2, token: fedcba9876543210 }]
`);
  expect(server.inputs?.http).toEqual([
    { address: "127.0.0.1:5061" },
    { address: "/run/in.sock", mode: 0o660 },
    {
      address: "0.0.0.0:5063",
      tls: { cert: "c", key: "k" },
      token: [
        { name: "node-1", token: "0123456789abcdef" },
        { name: "node-2", token: "fedcba9876543210" },
      ],
    },
  ]);
  expect(items["inputs.http"]).toEqual(["inputs.http[0]", "inputs.http[0]", "inputs.http[2]"]);
  expect(items["inputs.http.bind_address"]).toEqual([
    "inputs.http[0].bind_address[0]",
    "inputs.http[0].bind_address[1]",
    "inputs.http[2].bind_address",
  ]);
});
