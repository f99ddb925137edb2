import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer } from "@falco-outputs/server";
import { Authority, writeIdentity } from "@falco-outputs/testing";
import { afterEach, beforeEach, expect, it, onTestFinished } from "vitest";
import { parse } from "yaml";
import { readConfig } from "../config/read-config.js";
import { ran } from "../testing/in-process.js";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "check-"));
  file = join(folder, "falco-outputs.yaml");
});
afterEach(() => rmSync(folder, { recursive: true }));

const own = () => `grpc: { bind_address: ${folder}/falco.sock }
inputs: { http: { bind_address: ${folder}/input.sock } }
`;

function check(yaml: string, ...args: string[]) {
  writeFileSync(file, yaml);
  return ran("check", "--config", file, ...args);
}

it("says that nothing is wrong, and what is ignored", async () => {
  const ended = await check(`${own()}rules_files: [a]\nengine: { kind: modern_ebpf }\n`);
  expect(ended).toMatchObject({
    status: 0,
    err: "",
    out: `${file}: ignored, since they have no meaning here: rules_files, engine\n${file}: nothing is wrong\n`,
  });
});

it("tells an address that is in use", async () => {
  await using server = await startServer({ listen: [], inputs: { http: ["127.0.0.1:0"] } });
  const { host } = new URL(server.httpUrl!);
  const ended = await check(
    `grpc: { bind_address: ${folder}/falco.sock }\ninputs:\n  http: { bind_address: "${host}" }\n`,
  );
  expect(ended).toMatchObject({ status: 1, out: "" });
  expect(ended.err).toContain(host);
  expect(ended.err).toContain("EADDRINUSE");
});

it("tells files that cannot be written, each with its line", async () => {
  const ended = await check(`${own()}file_output:
  - { enabled: true, filename: ${folder}/there/a }
  - { enabled: true, name: b, filename: ${folder}/b }
  - { enabled: true, name: c, filename: ${folder}/gone/c }
`);
  expect(ended).toMatchObject({
    status: 1,
    err: `falco-outputs: ${file}:4: file_output[0].filename: "${folder}/there/a" cannot be written: its folder ${folder}/there: ENOENT
falco-outputs: ${file}:6: file_output[2].filename: "${folder}/gone/c" cannot be written: its folder ${folder}/gone: ENOENT
`,
  });
});

it("tells a certificate that does not go with its key", async () => {
  const authority = await Authority.create();
  const [one, other] = [await authority.issue(), await authority.issue()];
  const paths = writeIdentity(folder, "server", authority.ca, { ...one, key: other.key });
  const ended = await check(`${own()}web:
  bind_address: "127.0.0.1:0"
  cert_chain: ${paths.cert}
  private_key: ${paths.key}
`);
  expect(ended).toMatchObject({ status: 2, out: "" });
  expect(ended.err).toMatch(/:3: web: expected .* in PEM, and the key that of the certificate/);
});

it("connects to receivers only when told to, and says which do not answer", async () => {
  const listener = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => listener.once("listening", resolve));
  onTestFinished(() => void listener.close());
  const { port } = listener.address() as { port: number };
  const yaml = `${own()}http_output:
  - { enabled: true, url: "http://127.0.0.1:${port}/x" }
  - { enabled: true, name: gone, url: "http://127.0.0.1:1/secret" }
`;
  expect(await check(yaml)).toMatchObject({ status: 0 });
  expect(await check(yaml, "--connect")).toMatchObject({
    status: 1,
    err: `falco-outputs: ${file}:5: http_output[1].url: it cannot be reached: ECONNREFUSED\n`,
  });
});

it("takes nothing away: a file input keeps its place", async () => {
  const input = join(folder, "falco.log");
  const state = join(folder, "state");
  writeFileSync(input, '{"rule":"r","priority":"Notice"}\n');
  const ended = await check(`grpc: { bind_address: ${folder}/falco.sock }
inputs: { file: { filename: ${input}, state_file: ${state}, from: beginning } }
`);
  expect(ended).toMatchObject({ status: 0 });
  expect(() => readFileSync(state)).toThrow("ENOENT");
});

it("prints what holds, with defaults and without secrets", async () => {
  mkdirSync(join(folder, "secrets"));
  writeFileSync(join(folder, "secrets", "token"), "a-token-of-enough-letters\n");
  chmodSync(join(folder, "secrets", "token"), 0o600);
  writeFileSync(
    file,
    `grpc: { bind_address: /run/falco.sock }
priority: \${LEAST}
inputs:
  http:
    - { bind_address: "127.0.0.1:5061", token: very-secret-token-1 }
    - { bind_address: "127.0.0.1:5062", tokens: [{ name: a, token: very-secret-token-2 }] }
http_output:
  - { enabled: true, url: "https://me:secret@hooks.example:1/secret?key=secret" }
  - { enabled: false, url: "https://hooks.example/secret" }
program_output: { enabled: true, program: "curl -H secret" }
`,
  );
  process.env.LEAST = "notice";
  onTestFinished(() => void delete process.env.LEAST);
  const ended = await ran("serve", "--print-config", "-c", file);
  expect(ended).toMatchObject({ status: 0, err: "" });
  expect(ended.out).not.toContain("secret");
  expect(parse(ended.out)).toMatchObject({
    priority: "notice",
    outputs_queue: { capacity: 10_000 },
    grpc: { enabled: true, bind_address: "/run/falco.sock" },
    inputs: {
      http: [
        { bind_address: "127.0.0.1:5061", token: "***" },
        { bind_address: "127.0.0.1:5062", tokens: [{ name: "a", token: "***" }] },
      ],
    },
    http_output: [
      { enabled: true, url: "https://hooks.example:1/***", user_agent: "falcosecurity/falco" },
      { enabled: false },
    ],
    program_output: { enabled: true, program: "***", keep_alive: false },
  });
});

it("ships a sample that is right, and the schema that it names", async () => {
  const share = new URL("../../share/", import.meta.url);
  const sample = readFileSync(new URL("falco-outputs.yaml", share), "utf8");
  expect(sample).toMatch(/^# yaml-language-server: \$schema=.\/falco-outputs.schema.json\n/);
  const { status, out } = await ran("schema");
  expect(status).toBe(0);
  expect(JSON.parse(out)).toEqual(
    JSON.parse(readFileSync(new URL("falco-outputs.schema.json", share), "utf8")),
  );
  // What stands there as a comment is right as well.
  const all = sample
    .split("\n")
    .slice(2)
    .join("\n")
    .replaceAll(/^( *)# ?/gm, "$1");
  writeFileSync(file, all);
  expect(readConfig(file).config).toMatchObject({
    http_output: [{ name: "slack" }],
    inputs: { http: [{}, {}] },
  });
});
