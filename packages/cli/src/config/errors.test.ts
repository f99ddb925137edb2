// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables as they stand in a file
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ran } from "../testing/in-process.js";

// Every error of the configuration file, with its whole text. In YAML and text, FOLDER stands for a folder of the test's.

const folder = mkdtempSync(join(tmpdir(), "config-errors-"));
const file = join(folder, "falco-outputs.yaml");
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(() => {
  writeFileSync(join(folder, "short"), "short\n");
  writeFileSync(join(folder, "two-lines"), "http://a/\nhttp://b/\n");
});

type Case = readonly [what: string, yaml: string, ...errors: string[]];

/** What `serve` says of a file. */
async function errorsOf(yaml: string): Promise<string[]> {
  writeFileSync(file, yaml.replaceAll("FOLDER", folder));
  const { status, err, out } = await ran("serve", "--config", file);
  expect({ status, out }).toEqual({ status: 2, out: "" });
  return err
    .split("\n")
    .slice(0, -1)
    .map((line) => line.replace(`falco-outputs: ${file}:`, "").replaceAll(folder, "FOLDER"));
}

const cases: Record<string, readonly Case[]> = {
  "the form of the file": [
    [
      "what is not YAML",
      "json_output: [",
      "1: not YAML: Flow sequence in block collection must be sufficiently indented and end with a ]",
    ],
    [
      "a key that stands there twice",
      "json_output: true\njson_output: false",
      "2: not YAML: Map keys must be unique",
    ],
    ["a list", "- json_output: true", "1: the file: a list, expected a block of keys"],
    [
      "values of Falco's chart",
      "tty: true\nfalco: { json_output: true }",
      "2: falco: these are values of Falco's Helm chart: move what is below falco: to the top level, and leave out the rest",
    ],
  ],
  keys: [
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
      "http_output:\n  - enabled: true\n    ulr: x",
      "3: http_output[0].ulr: no such key",
    ],
    [
      "a misspelt part of a filter",
      "http_output:\n  - enabled: true\n    deny:\n      - rule: [x]",
      "4: http_output[0].deny[0].rule: no such key, did you mean rules?",
    ],
    [
      "a key like no other of few",
      "stdout_output: { enabled: true, colour: red }",
      "1: stdout_output.colour: no such key, expected enabled or priority or allow or deny",
    ],
    ["a key like no other of many", "something_else: 1", "1: something_else: no such key"],
    ["a missing key", "stdout_output: {}", "1: stdout_output.enabled: is missing, expected true or false"],
    [
      "a missing key of an item",
      "inputs:\n  grpc:\n    - name: a",
      '3: inputs.grpc[0].address: is missing, expected an address: "host:port", or "unix:///path"',
    ],
    [
      "a block without keys",
      "file_output:",
      "1: file_output: null, expected a block of keys, or a list of them",
    ],
  ],
  types: [
    ["a boolean", "json_output: maybe", '1: json_output: "maybe", expected true or false'],
    [
      "a boolean from a variable that is not set",
      "json_output: ${NOT_SET_HERE}",
      '1: json_output: "${NOT_SET_HERE}", expected true or false',
    ],
    [
      "milliseconds",
      "output_timeout: 0",
      "1: output_timeout: 0, expected milliseconds, a whole number from 1",
    ],
    ["a count", "alerts: { max_count: many }", '1: alerts.max_count: "many", expected a whole number from 1'],
    [
      "a least count",
      "outputs_queue: { capacity: -1 }",
      "1: outputs_queue.capacity: -1, expected a whole number from 0",
    ],
    ["a priority", "priority: loud", '1: priority: "loud", expected a priority of Falco\'s, e.g. warning'],
    [
      "an output's priority",
      "stdout_output: { enabled: true, priority: 3 }",
      "1: stdout_output.priority: 3, expected a priority of Falco's, e.g. warning",
    ],
    [
      "a filter's priority",
      "stdout_output: { enabled: true, deny: { min_priority: loud } }",
      '1: stdout_output.deny.min_priority: "loud", expected a priority of Falco\'s, e.g. warning',
    ],
    [
      "a filter's values",
      "stdout_output: { enabled: true, allow: { rules: 7 } }",
      "1: stdout_output.allow.rules: 7, expected a text, or a list of them",
    ],
    [
      "a filter's fields",
      "stdout_output: { enabled: true, allow: { fields: [a] } }",
      "1: stdout_output.allow.fields: a list, expected values by the name of their output field",
    ],
    [
      "an address",
      "grpc: { bind_address: 5060 }",
      '1: grpc.bind_address: 5060, expected an address ("host:port", or "unix:///path"), or a list of them',
    ],
    [
      "a file mode",
      "file_output: { enabled: true, mode: 438 }",
      '1: file_output.mode: 438, expected an octal mode in quotes, e.g. "0660"',
    ],
    [
      "a socket's mode",
      "grpc: { socket_mode: rw }",
      '1: grpc.socket_mode: "rw", expected an octal mode in quotes, e.g. "0660"',
    ],
    [
      "a group",
      "grpc: { socket_group: [a] }",
      "1: grpc.socket_group: a list, expected a group's name or number",
    ],
    [
      "a path",
      "web: { bind_address: x, private_key: 7 }",
      "1: web.private_key: 7, expected the path of a file",
    ],
    [
      "a list of origins",
      "web: { bind_address: x, allowed_origins: http://localhost }",
      '1: web.allowed_origins: "http://localhost", expected a list of origins',
    ],
    [
      "a list of names",
      "admin: { allowed_names: ops }",
      '1: admin.allowed_names: "ops", expected a list of names',
    ],
    [
      "a list of tokens",
      "inputs: { http: { tokens: abc } }",
      "1: inputs.http.tokens: a value that is not shown, expected a list of tokens with names",
    ],
    [
      "a token, which is not shown",
      "inputs:\n  http:\n    token: too-short",
      "3: inputs.http.token: a value that is not shown, expected 16 to 1,024 visible ASCII characters",
    ],
    [
      "a token of a list, which is not shown",
      "inputs:\n  http:\n    tokens:\n      - { name: a, token: too-short }",
      "4: inputs.http.tokens[0].token: a value that is not shown, expected 16 to 1,024 visible ASCII characters",
    ],
    [
      "a token's name",
      "inputs: { http: { tokens: [{ name: a b, token: 0123456789abcdef }] } }",
      '1: inputs.http.tokens[0].name: "a b", expected 1 to 64 letters, digits, dots, _ and -',
    ],
    [
      "an output's name",
      "http_output: { enabled: true, name: a/b }",
      '1: http_output.name: "a/b", expected 1 to 64 letters, digits, dots, _ and -',
    ],
    [
      "where a file input starts",
      "inputs: { file: { filename: a, from: middle } }",
      '1: inputs.file.from: "middle", expected end or beginning',
    ],
  ],
  "keys that go together": [
    [
      "an output without its file",
      "file_output: { enabled: true }",
      "1: file_output.filename: is missing, expected the path of a file",
    ],
    [
      "one of several without its URL",
      "http_output:\n  - { enabled: true, url: a }\n  - { enabled: true, name: b }",
      "3: http_output[1].url: is missing, expected the URL to post to",
    ],
    [
      "an empty command",
      "program_output: { enabled: true, program: '' }",
      "1: program_output.program: is empty, expected a command",
    ],
    [
      "a URL twice",
      "http_output: { enabled: true, url: a, url_file: b }",
      "1: http_output.url: it and url_file exclude each other",
    ],
    [
      "a URL's file that is not there",
      "http_output: { enabled: true, url_file: FOLDER/none }",
      "1: http_output.url_file: FOLDER/none cannot be read: ENOENT: no such file or directory, open 'FOLDER/none'",
    ],
    [
      "a URL's file with two lines",
      "http_output: { enabled: true, url_file: FOLDER/two-lines }",
      "1: http_output.url_file: the file FOLDER/two-lines holds something else, expected one URL",
    ],
    [
      "a token twice",
      "inputs:\n  http: { token: 0123456789abcdef, token_file: x }",
      "2: inputs.http.token: it and token_file exclude each other",
    ],
    [
      "a token's file with something else",
      "inputs: { http: { token_file: FOLDER/short } }",
      "1: inputs.http.token_file: the file FOLDER/short holds something else, expected 16 to 1,024 visible ASCII characters",
    ],
    [
      "the token's file of browsers",
      "web: { bind_address: 127.0.0.1:0, token_file: FOLDER/none }",
      "1: web.token_file: FOLDER/none cannot be read: ENOENT: no such file or directory, open 'FOLDER/none'",
    ],
    [
      "a token beside tokens",
      "inputs: { http: { token: 0123456789abcdef, tokens: [{ name: a, token: 0123456789abcdef }] } }",
      "1: inputs.http.tokens: a token beside them needs a name: add it to them",
    ],
    [
      "no tokens",
      "inputs: { http: [{ tokens: [] }] }",
      "1: inputs.http[0].tokens: the list is empty, so nobody could post",
    ],
    [
      "a name without a token",
      "inputs: { http: { tokens: [{ name: a }] } }",
      "1: inputs.http.tokens[0]: needs token or token_file",
    ],
    [
      "one name for two tokens",
      "inputs: { http: { tokens: [{ name: a, token: 0123456789abcdef }, { name: a, token: fedcba9876543210 }] } }",
      '1: inputs.http.tokens[1].name: "a" is inputs.http.tokens[0].name as well',
    ],
    [
      "a certificate without its key",
      "inputs:\n  http:\n    - { bind_address: 127.0.0.1:0, cert_chain: c }",
      "3: inputs.http[0]: private_key and cert_chain go together",
    ],
    [
      "authorities without a certificate",
      "inputs: { http: { root_certs: c } }",
      "1: inputs.http.root_certs: needs private_key and cert_chain",
    ],
    [
      "a browsers' certificate without its key",
      "web: { bind_address: 127.0.0.1:0, cert_chain: c }",
      "1: web: private_key and cert_chain go together",
    ],
    [
      "gRPC over TCP without certificates",
      "grpc: { bind_address: 0.0.0.0:5060 }",
      "1: grpc.private_key: is missing, and Falco's default /etc/falco/certs/server.key cannot be read (ENOENT): expected private_key, cert_chain and root_certs (mutual TLS), or insecure: true",
    ],
    [
      "two sources of Falco's version",
      "falco: { version: 0.44.1, url: http://localhost:8765 }",
      "1: falco.version and falco.url exclude each other",
    ],
    [
      "no input",
      "inputs: {}",
      "1: inputs: all are off, so no alert can arrive: add inputs.http, stdin, file or grpc",
    ],
    [
      "no output",
      "grpc: { enabled: false }",
      "1: grpc is off, and so is every other output: enable one, e.g. grpc.enabled: true",
    ],
    [
      "gRPC that one of its switches keeps off",
      "grpc: { enabled: true, bind_address: /a }\ngrpc_output: { enabled: false }",
      "2: grpc_output.enabled: false turns gRPC off although grpc.enabled is true: remove grpc_output, or set it to true",
    ],
    [
      "two servers of one name",
      "inputs:\n  grpc:\n    - { name: a, address: /a }\n    - { name: a, address: /b }",
      '4: inputs.grpc[1].name: "a" is inputs.grpc[0].name as well, expected another one',
    ],
    [
      "one server twice",
      "inputs: { grpc: [{ address: /a }, { address: /a }] }",
      '1: inputs.grpc[1].address: "/a" is inputs.grpc[0].address as well, expected another one, or a name',
    ],
    [
      "a server's certificates in part",
      "inputs: { grpc: { address: a:1, cert_chain: c } }",
      "1: inputs.grpc.private_key: is missing: private_key, cert_chain and root_certs go together",
    ],
    [
      "what is not an address",
      "grpc: { bind_address: nowhere }",
      '1: grpc.bind_address: "nowhere", expected unix:///path, a path with a slash, or host:port',
    ],
  ],
  loops: [
    [
      "a file",
      "file_output: { enabled: true, filename: FOLDER/a }\ninputs: { file: { filename: FOLDER/a } }",
      "1: file_output.filename feeds inputs.file.filename of the same server (FOLDER/a): each alert would go round forever",
    ],
    [
      "a post",
      "http_output:\n  - { enabled: true, url: http://localhost:5061/ }\ninputs: { http: { bind_address: 127.0.0.1:5061 } }",
      "2: http_output[0].url feeds inputs.http.bind_address of the same server (127.0.0.1:5061): each alert would go round forever: an http_output that posts to this server belongs in falco.yaml, not here",
    ],
  ],
  "what the server refuses": [
    [
      "an address that others can reach",
      "grpc: { bind_address: FOLDER/falco.sock }\ninputs:\n  http:\n    - { bind_address: 127.0.0.1:0 }\n    - bind_address: 0.0.0.0:0",
      '5: inputs.http[1].bind_address: "0.0.0.0:0", expected a loopback address, or inputs.http[1].cert_chain and inputs.http[1].private_key with it, and inputs.http[1].root_certs (mutual TLS) or inputs.http[1].token_file; or inputs.http[1].insecure: true',
    ],
    [
      "an address for browsers that others can reach",
      "grpc: { bind_address: FOLDER/falco.sock }\ninputs: { http: { bind_address: FOLDER/in.sock } }\nweb: { bind_address: 0.0.0.0:0 }",
      '3: web.bind_address: "0.0.0.0:0", expected a loopback address, or web.token_file with it',
    ],
    [
      "a certificate that is not there",
      "grpc: { bind_address: FOLDER/falco.sock }\ninputs: { http: [{ bind_address: 127.0.0.1:0, cert_chain: FOLDER/none, private_key: FOLDER/none }] }",
      "2: inputs.http[0].cert_chain: \"FOLDER/none\", expected PEM, or the path of a file that can be read (ENOENT: no such file or directory, open 'FOLDER/none')",
    ],
    [
      "an origin",
      "grpc: { bind_address: FOLDER/falco.sock }\ninputs: { http: { bind_address: FOLDER/in.sock } }\nweb: { bind_address: 127.0.0.1:0, allowed_origins: ['*'] }",
      '3: web.allowed_origins: "*", expected scheme, host and port of a page, e.g. "http://localhost:8080" or "https://dashboard.example"',
    ],
    [
      "a URL",
      "grpc: { bind_address: FOLDER/falco.sock }\nhttp_output:\n  - { enabled: false }\n  - { enabled: true, url: 'ftp://me:secret@host/' }",
      '4: http_output[1].url: "ftp:\u2026", expected http://host/path or https://host/path',
    ],
    [
      "a user agent",
      'grpc: { bind_address: FOLDER/falco.sock }\nhttp_output: { enabled: true, url: a, user_agent: "a\\nb" }',
      '2: http_output.user_agent: "a\\nb", expected what can stand in a header',
    ],
    [
      "authorities of a receiver",
      "grpc: { bind_address: FOLDER/falco.sock }\nhttp_output: { enabled: true, url: https://a, ca_cert: FOLDER/none }",
      "2: http_output.ca_cert: \"FOLDER/none\", expected PEM, or the path of a file that can be read (ENOENT: no such file or directory, open 'FOLDER/none')",
    ],
    [
      "two outputs without a name",
      "grpc: { bind_address: FOLDER/falco.sock }\nfile_output: [{ enabled: true, filename: FOLDER/a }, { enabled: true, filename: FOLDER/b }]",
      "2: file_output[1].name: missing, expected a name, since there are several",
    ],
    [
      "one name for two outputs",
      "grpc: { bind_address: FOLDER/falco.sock }\nprogram_output: [{ enabled: true, name: a, program: cat }, { enabled: true, name: a, program: cat }]",
      '2: program_output[1].name: "a", expected each name only once',
    ],
    [
      "an empty filter",
      "grpc: { bind_address: FOLDER/falco.sock }\nhttp_output: [{ enabled: true, url: a, allow: [{ rules: x }, {}] }]",
      "2: http_output[0].allow[1]: expected a filter that can be used, not an empty filter, which every alert would match",
    ],
    [
      "a folder for a file",
      "grpc: { bind_address: FOLDER/falco.sock }\nfile_output: { enabled: true, filename: FOLDER }",
      '2: file_output.filename: "FOLDER", expected a file, not a directory',
    ],
    [
      "a facility",
      "grpc: { bind_address: FOLDER/falco.sock }\nsyslog_output: { enabled: true, facility: no }",
      '2: syslog_output.facility: "no", expected one of kern, user, mail, daemon, auth, syslog, lpr, news, uucp, cron, authpriv, ftp, local0, local1, local2, local3, local4, local5, local6, local7',
    ],
    [
      "a syslogd on another machine without TLS",
      "grpc: { bind_address: FOLDER/falco.sock }\nsyslog_output: { enabled: true, address: 'logs.example:601' }",
      '2: syslog_output.address: "logs.example:601", expected it with syslog_output.tls, or with syslog_output.insecure: true',
    ],
    [
      "too little memory",
      "grpc: { bind_address: FOLDER/falco.sock }\nalerts: { max_bytes: 1 }",
      "2: alerts.max_bytes: 1, expected a whole number of at least 4194304",
    ],
  ],
};

describe.each(Object.entries(cases))("%s", (_, table) => {
  it.each(table)("%s", async (_, yaml, ...errors) => {
    expect(await errorsOf(yaml)).toEqual(errors);
  });
});
