// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables as they stand in a file
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readConfig } from "./read-config.js";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "config-"));
  file = join(folder, "falco-outputs.yaml");
});
afterEach(() => rmSync(folder, { recursive: true }));

function read(yaml: string) {
  writeFileSync(file, yaml);
  return readConfig(file);
}

it("reads falco.yaml's blocks as they are pasted, and tells which of its keys mean nothing here", () => {
  const yaml = `
# Falco's own
rules_files:
  - /etc/falco/falco_rules.yaml
engine: { kind: modern_ebpf }
json_output: true
json_include_output_property: true
outputs_queue: { capacity: 0 }
output_timeout: 2000
syslog_output: { enabled: false }
file_output: { enabled: true, keep_alive: false, filename: ./events.txt }
program_output:
  enabled: true
  keep_alive: true
  program: "jq '{text: .output}' | curl -d @- -X POST https://hooks.example/x"
http_output:
  enabled: true
  url: http://localhost:2801
  user_agent: "falcosecurity/falco"
  insecure: false
  ca_cert: ""
  ca_bundle: ""
  ca_path: "/etc/ssl/certs"
  mtls: false
  client_cert: "/etc/ssl/certs/client.crt"
  client_key: "/etc/ssl/certs/client.key"
  echo: false
  compress_uploads: false
  keep_alive: false
  max_consecutive_timeouts: 5
grpc: { enabled: true, bind_address: "unix:///run/falco/falco.sock", threadiness: 0 }
grpc_output: { enabled: true }
webserver: { enabled: true, listen_port: 8765 }
`;
  const { config, ignored } = read(yaml);
  expect(ignored).toEqual(["rules_files", "engine", "webserver"]);
  expect(config.http_output).toMatchObject({ url: "http://localhost:2801", max_consecutive_timeouts: 5 });
  expect(config.file_output).toEqual({ enabled: true, keep_alive: false, filename: "./events.txt" });
});

it("takes YAML 1.1's words for booleans, as Falco does", () => {
  const { config } = read(`
json_output: yes
time_format_iso_8601: Off
stdout_output: { enabled: "on" }
file_output: { enabled: NO }
http_output: { enabled: n, echo: off }
syslog_output: { enabled: y, tag: yes }
`);
  expect(config).toMatchObject({
    json_output: true,
    time_format_iso_8601: false,
    stdout_output: { enabled: true },
    file_output: { enabled: false },
    http_output: { enabled: false, echo: false },
    syslog_output: { enabled: true, tag: "yes" },
  });
  expect(() => read("json_output: yES")).toThrow('json_output: "yES", expected true or false');
});

it("says in one sentence what to do with the values of Falco's Helm chart", () => {
  const yaml = `
driver: { kind: modern_ebpf }
tty: true
falco:
  json_output: true
  grpc: { enabled: true, bind_address: "unix:///run/falco/falco.sock", threadiness: 0 }
  grpc_output: { enabled: true }
`;
  expect(() => read(yaml)).toThrow(
    expect.objectContaining({
      messages: [
        `${file}:4: falco: these are values of Falco's Helm chart: move what is below falco: to the top level, and leave out the rest`,
      ],
    }),
  );
  expect(read("falco: { version: 0.44.1 }").config.falco).toEqual({ version: "0.44.1" });
});

it("takes an empty file for defaults", () => {
  expect(read("# nothing\n").config).toEqual({});
});

it.each([
  ["a wrong value", "json_output: maybe", '1: json_output: "maybe", expected true or false'],
  ["a misspelt key", "\njson_ouput: true", "2: json_ouput: no such key, did you mean json_output?"],
  [
    "a misspelt key of Falco's own",
    "rule_file: [x]",
    "1: rule_file: no such key, did you mean rule_files or rules_file?",
  ],
  [
    "a misspelt key in a block",
    "file_output:\n  enabled: true\n  filname: x",
    "3: file_output.filname: no such key, did you mean filename?",
  ],
  [
    "a misspelt key in a list",
    "inputs:\n  file:\n    - filename: a\n    - filename: b\n      statefile: x",
    "5: inputs.file[1].statefile: no such key, did you mean state_file?",
  ],
  [
    "a key that is like no other",
    "stdout_output: { enabled: true, colour: red }",
    "1: stdout_output.colour: no such key, expected enabled",
  ],
  [
    "a key that is like none of many",
    "something_else_entirely: 1",
    /1: something_else_entirely: no such key$/,
  ],
  ["a missing key", "stdout_output: {}", "1: stdout_output.enabled: is missing, expected true or false"],
  ["a missing block", "file_output:", "1: file_output: null, expected a block of keys"],
  [
    "a number out of range",
    "output_timeout: 0",
    "1: output_timeout: 0, expected milliseconds, a whole number from 1",
  ],
  [
    "what is no priority",
    "priority: loud",
    '1: priority: "loud", expected a priority of Falco\'s, e.g. warning',
  ],
  [
    "what is no address",
    "grpc: { bind_address: 5060 }",
    '1: grpc.bind_address: 5060, expected an address ("host:port", or "unix:///path"), or a list of them',
  ],
  ["a list", "- json_output: true", "1: the file: a list, expected a block of keys"],
])("names the line, the key, the value and what would be right for %s", (_, yaml, message) => {
  expect(() => read(yaml)).toThrow(typeof message === "string" ? `${file}:${message}` : message);
});

it("names everything that is wrong at once", () => {
  const wrong = expect.objectContaining({
    messages: [
      `${file}:1: json_output: 1, expected true or false`,
      `${file}:2: output_timeout: "soon", expected milliseconds, a whole number from 1`,
    ],
  });
  expect(() => read("json_output: 1\noutput_timeout: soon")).toThrow(wrong);
});

it("names what is wrong in the order of the lines", () => {
  const wrong = expect.objectContaining({
    messages: [
      `${file}:1: zzz: no such key`,
      `${file}:2: output_timeout: "soon", expected milliseconds, a whole number from 1`,
      `${file}:4: grpc.bind_adress: no such key, did you mean bind_address?`,
      `${file}:5: json_output: 1, expected true or false`,
    ],
  });
  expect(() => read("zzz: 1\noutput_timeout: soon\ngrpc:\n  bind_adress: x\njson_output: 1")).toThrow(wrong);
});

it.each([
  ["what is not YAML", "json_output: [", /falco-outputs.yaml:1: not YAML/],
  [
    "a key that stands there twice",
    "json_output: true\njson_output: false",
    /:2: not YAML: Map keys must be unique/,
  ],
  [
    "an alias of nothing",
    "json_output: true\npriority: *low",
    /falco-outputs.yaml: not YAML.*: Unresolved alias.*low/,
  ],
  [
    "aliases that grow without a bound",
    "a: &a [1]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: [*c, *c]",
    /falco-outputs.yaml: not YAML.*: Excessive alias count/,
  ],
])("refuses %s", (_, yaml, message) => {
  expect(() => read(yaml)).toThrow(message);
});

it("says when the file cannot be read", () => {
  expect(() => readConfig(file)).toThrow(`--config ${file} cannot be read: ENOENT`);
  expect(() => readConfig(folder)).toThrow(
    `--config ${folder} cannot be read: it is a folder, expected a file`,
  );
  writeFileSync(file, "#".repeat(1024 * 1024 + 1));
  expect(() => readConfig(file)).toThrow("at most 1048576 are read");
});

it("shows no secrets of what is wrong", () => {
  expect(() =>
    read("web: { bind_address: x, allowed_origins: 'https://me:secret@host/?key=secret' }"),
  ).toThrow(expect.objectContaining({ message: expect.not.stringContaining("secret") }));
  expect(() => read("'https://me:secret@host': 1")).toThrow("1: https://***@host: no such key");
});

it.each([
  ["grpc.bind_address: wrong", ":2: grpc.bind_address: wrong"],
  ["grpc.root_certs: is missing", ":1: grpc.root_certs: is missing"],
  ["inputs.file[1].filename feeds", ":7: inputs.file[1].filename feeds"],
  ["inputs.grpc.address: wrong", ":10: inputs.grpc.address: wrong"],
  ["web.bind_address: wrong", ": web.bind_address: wrong"],
  ["cannot listen", ": cannot listen"],
])("says where %s stands", (message, located) => {
  const { locate } = read(`grpc:
  bind_address: x
inputs:
  file:
    - filename: a
      from: end
    - filename: b
  grpc:
    name: x
    address: y
`);
  expect(locate(message)).toBe(`${file}${located}`);
});

it("reads types after variables, and shows what stands in the file", () => {
  const environment = { MS: "2500", SECRET: "very-secret-indeed", ON: "yes" };
  const readWith = (yaml: string) => {
    writeFileSync(file, yaml);
    return readConfig(file, environment).config;
  };
  expect(readWith('output_timeout: "${MS}"\njson_output: ${ON}')).toEqual({
    output_timeout: 2500,
    json_output: true,
  });
  expect(() => readWith("json_output: ${SECRET}")).toThrow(
    `${file}:1: json_output: "\${SECRET}", expected true or false`,
  );
});
