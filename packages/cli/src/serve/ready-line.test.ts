import type { ServerOptions } from "@falco-outputs/server";
import { expect, it } from "vitest";
import { readyLine } from "./ready-line.js";

const nowhere = { addresses: [], httpUrls: [], webUrls: [] };
const line = (server: ServerOptions) =>
  readyLine(nowhere, { server, stdin: false, upstreams: [], byDefault: [] });

it("says where alerts come from", () => {
  const upstream = { key: "inputs.grpc[0]", group: undefined, client: {} };
  const server = {
    addresses: ["unix:///x"],
    httpUrls: ["http://127.0.0.1:1/"],
    webUrls: ["http://127.0.0.1:2"],
  };
  const serving = {
    server: { inputs: { files: [{ path: "a.log" }] } },
    stdin: true,
    upstreams: [{ ...upstream, name: "one", address: "one:5060" }],
    byDefault: [],
  };
  expect(readyLine(server, serving)).toEqual({
    listen: ["unix:///x"],
    http: ["http://127.0.0.1:1/"],
    web: ["http://127.0.0.1:2"],
    stdin: true,
    files: ["a.log"],
    servers: { one: "one:5060" },
  });
});

it("says where they go, without what may be secret", () => {
  const outputs = {
    stdout: true,
    file: { filename: "/var/log/falco.log" },
    program: { program: "curl -H 'authorization: secret'", keepAlive: true },
    http: { url: "https://me:secret@hooks.example:8443/secret?key=secret" },
    syslog: true,
    format: { json: true },
  } as const;
  expect(line({ outputs })).toEqual({
    grpc: false,
    outputs: {
      stdout: true,
      file: "/var/log/falco.log",
      program: { keep_alive: true },
      http: "https://hooks.example:8443",
      syslog: "/dev/log",
    },
    format: "json",
  });
});

it.each([
  [{ socket: "/run/log" }, "/run/log"],
  [{ address: "logs.example:6514" }, "logs.example:6514"],
])("says which syslogd: %j", (syslog, said) => {
  expect(line({ outputs: { syslog } })).toMatchObject({ outputs: { syslog: said }, format: "text" });
});

it("says what is on although the file does not ask for it", () => {
  const byDefault = ["grpc", "inputs.http"];
  expect(readyLine(nowhere, { server: {}, stdin: false, upstreams: [], byDefault })).toEqual({
    grpc: false,
    by_default: byDefault,
  });
});
