import { linkSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type Config, configSchema } from "./schema.js";
import { servingOf } from "./serving-of.js";

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "loops-")));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function serving(yaml: string) {
  return () => servingOf(configSchema.parse(parse(yaml)) as Config);
}

it.each([
  [
    "a file that is written and read",
    "file_output: { enabled: true, filename: /var/log/../log/falco.log }\ninputs: { file: { filename: /var/log/falco.log } }",
    "file_output.filename feeds inputs.file.filename of the same server (/var/log/falco.log)",
  ],
  [
    "a file behind one that is off",
    "file_output: { enabled: true, filename: /x/b }\ninputs: { file: [{ enabled: false, filename: /x/a }, { filename: /x/b }] }",
    "file_output.filename feeds inputs.file[1].filename of the same server (/x/b)",
  ],
  [
    "one file of several",
    "file_output: [{ enabled: true, filename: /x/a }, { enabled: true, name: b, filename: /x/b }]\ninputs: { file: { filename: /x/b } }",
    "file_output[1].filename feeds inputs.file.filename of the same server (/x/b)",
  ],
  [
    "a post to one listener of several",
    "http_output: [{ enabled: false, url: a }, { enabled: true, url: 'http://localhost:5061' }]\ninputs: { http: [{ bind_address: /x/s }, { bind_address: ['[::1]:1', '127.0.0.1:5061'] }] }",
    "http_output[1].url feeds inputs.http[1].bind_address[1] of the same server (127.0.0.1:5061)",
  ],
  [
    "subscribing to itself",
    'grpc: { bind_address: "unix:///run/falco.sock" }\ninputs: { grpc: { address: /run/falco.sock } }',
    "grpc.bind_address feeds inputs.grpc.address of the same server (unix:///run/falco.sock)",
  ],
])("refuses %s", (_, yaml, message) => {
  expect(serving(yaml)).toThrow(`${message}: each alert would go round forever`);
});

describe("posts to itself", () => {
  it.each([
    ["localhost", "127.0.0.1:5061"],
    ["[::1]", "0.0.0.0:5061"],
    ["0.0.0.0", "127.0.0.1:5061"],
    ["[::]", "127.0.0.1:5061"],
    ["localhost.", "127.0.0.1:5061"],
    ["LOCALHOST", "127.0.0.1:5061"],
    ["[::ffff:127.0.0.1]", "127.0.0.1:5061"],
    ["127.1", "127.0.0.1:5061"],
    ["127.0.0.1", "'[::ffff:127.0.0.1]:5061'"],
    [hostname(), "0.0.0.0:5061"],
    [hostname(), "'[::]:5061'"],
    ["receiver.example", "receiver.example:5061"],
  ])("at %s, listening on %s", (host, on) => {
    const yaml = `http_output: { enabled: true, url: "http://${host}:5061/" }\ninputs: { http: { bind_address: ${on}, insecure: true } }`;
    expect(serving(yaml)).toThrow(
      `http_output.url feeds inputs.http.bind_address of the same server (${on.replaceAll("'", "")}): each alert would go round forever: an http_output that posts to this server belongs in falco.yaml, not here`,
    );
  });

  it.each([
    ["localhost:2801", "127.0.0.1:5061"],
    ["receiver.example:5061", "127.0.0.1:5061"],
    ["127.example.org:5061", "127.0.0.1:5061"],
    ["127.0.0.1:5061", "192.0.2.1:5061"],
  ])("not at %s, listening on %s", (host, on) => {
    const yaml = `http_output: { enabled: true, url: "http://${host}/" }\ninputs: { http: { bind_address: "${on}", insecure: true } }`;
    expect(serving(yaml)).not.toThrow();
  });
});

it("does not read what a program does", () => {
  const yaml = `program_output: { enabled: true, program: "falco-outputs forward -a /run/in.sock" }
inputs: { http: { bind_address: "unix:///run/in.sock" } }`;
  expect(serving(yaml)).not.toThrow();
});

describe("by another path", () => {
  const files = (written: string, read: string) =>
    serving(
      `file_output: { enabled: true, filename: "${written}" }\ninputs: { file: { filename: "${read}" } }`,
    );

  it("a folder's", () => {
    mkdirSync(join(folder, "real"));
    symlinkSync("real", join(folder, "link"));
    expect(files(`${folder}/link/a.log`, `${folder}/real/a.log`)).toThrow("feeds inputs.file.filename");
    expect(files(`${folder}/link/new/../a.log`, `${folder}/real/b.log`)).not.toThrow();
    const sockets = `grpc: { bind_address: "unix://${folder}/link/a.sock" }\ninputs: { grpc: { address: "${folder}/real/a.sock" } }`;
    expect(serving(sockets)).toThrow("feeds inputs.grpc.address");
  });

  it("a file's own, and a link's whose file is not there yet", () => {
    symlinkSync("a.log", join(folder, "link.log"));
    expect(files(`${folder}/link.log`, `${folder}/a.log`)).toThrow("feeds inputs.file.filename");
    writeFileSync(join(folder, "a.log"), "");
    expect(files(`${folder}/link.log`, `${folder}/a.log`)).toThrow("feeds inputs.file.filename");
    linkSync(join(folder, "a.log"), join(folder, "hard.log"));
    expect(files(`${folder}/hard.log`, `${folder}/a.log`)).toThrow("feeds inputs.file.filename");
  });
});

it("leaves a path that leads nowhere to who opens it", () => {
  symlinkSync("self.log", join(folder, "self.log"));
  const yaml = `file_output: { enabled: true, filename: "${folder}/self.log" }\ninputs: { file: { filename: "${folder}/a.log" } }`;
  expect(serving(yaml)).not.toThrow();
});

it("takes a file beside the one that it writes", () => {
  const yaml =
    "file_output: { enabled: true, filename: /var/log/out.log }\ninputs: { file: { filename: /var/log/in.log } }";
  expect(serving(yaml)).not.toThrow();
});
