import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OptionError, type OptionProblem } from "@falco-outputs/core/options";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { inBlock } from "./keys.js";
import { loadServing } from "./load-serving.js";

let file: string;
beforeEach(() => {
  file = join(mkdtempSync(join(tmpdir(), "load-serving-")), "falco-outputs.yaml");
});
afterEach(() => rmSync(join(file, ".."), { recursive: true }));

function load(yaml: string) {
  writeFileSync(file, yaml);
  return loadServing(file);
}

describe("an option of the server's that cannot work", () => {
  const yaml = `grpc:
  bind_address:
    - /run/a.sock
    - 0.0.0.0:5060
  insecure: true
inputs:
  http: { bind_address: "127.0.0.1:0" }
  file:
    - { enabled: false, filename: a }
    - filename: b
      state_file: c
output_timeout: 5
http_output: { enabled: true, url: "http://receiver.example/" }
`;

  it.each<[OptionProblem, string]>([
    [
      {
        option: "listen[1].address",
        got: "0.0.0.0:5060",
        expected: "{listen[1].tls.ca}, or {listen[1].insecure}: true",
      },
      ':4: grpc.bind_address[1]: "0.0.0.0:5060", expected grpc.root_certs, or grpc.insecure: true',
    ],
    [
      { option: "inputs.http[0].address", got: "x", expected: "another" },
      ':7: inputs.http.bind_address: "x", expected another',
    ],
    [
      { option: "inputs.files[0].state", got: "c", expected: "another file than {inputs.files[0].path}" },
      ':11: inputs.file[1].state_file: "c", expected another file than inputs.file[1].filename',
    ],
    [
      { option: "outputs.queue.timeoutMs", got: 5, expected: "more" },
      ":12: output_timeout: 5, expected more",
    ],
    [
      { option: "outputs.http.userAgent", got: "x", expected: "what may stand in a header" },
      ':13: http_output.user_agent: "x", expected what may stand in a header',
    ],
    [
      {
        option: "outputs.syslog.address",
        got: "logs.example:514",
        expected: "it with {outputs.syslog.tls}, or with {outputs.syslog.insecure}: true",
      },
      ': syslog_output.address: "logs.example:514", expected it with syslog_output.tls, or with syslog_output.insecure: true',
    ],
    [
      {
        option: "outputs.syslog.tls.key",
        got: undefined,
        expected: "PEM that goes with {outputs.syslog.tls.cert}",
      },
      ": syslog_output.private_key: missing, expected PEM that goes with syslog_output.cert_chain",
    ],
    [{ option: "maxBytes", got: 1, expected: "4 MiB" }, ": alerts.max_bytes: 1, expected 4 MiB"],
    // It has no key.
    [{ option: "stallTimeoutMs", got: 0, expected: "more" }, ": stallTimeoutMs: 0, expected more"],
  ])("is told in the file's words, with its line: %o", (problem, said) => {
    expect(load(yaml).located(new OptionError(problem))).toMatchObject({ messages: [`${file}${said}`] });
  });

  it("is told with the block of the server that is read", () => {
    const problem = { option: "tls.ca", got: "ca.crt", expected: "a certificate that goes with {tls.key}" };
    expect(inBlock(new OptionError(problem), "inputs.grpc[1]")).toMatchObject({
      messages: [
        'inputs.grpc[1].root_certs: "ca.crt", expected a certificate that goes with inputs.grpc[1].private_key',
      ],
    });
  });

  it.each([
    ["name", "name"],
    ["group", "group"],
  ])("is told with the block's %s", (option, key) => {
    const problem = { option: `readAlerts.${option}`, got: "", expected: "a name" };
    expect(inBlock(new OptionError(problem), "inputs.grpc")).toMatchObject({
      messages: [`inputs.grpc.${key}: "", expected a name`],
    });
  });

  it("is told apart from what failed", () => {
    const failure = new Error("EADDRINUSE");
    expect(load(yaml).located(failure)).toBe(failure);
  });
});

it("warns of gRPC that one of its two switches keeps off", () => {
  const { warnings } = load(`grpc: { enabled: true, bind_address: /run/a.sock }
grpc_output: { enabled: false }
stdout_output: { enabled: true }
`);
  expect(warnings).toEqual([
    `${file}:2: grpc_output.enabled: false turns gRPC off although grpc.enabled is true: remove grpc_output, or set it to true`,
  ]);
});
