import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fixtureLines } from "@falco-outputs/testing";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { ran } from "../testing/in-process.js";
import { endRuns, falcoOutputs } from "../testing/run.js";

const alerts = fixtureLines("alerts.jsonl");
const command = new URL("../../bin/falco-outputs.js", import.meta.url).pathname;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "config-"));
});
afterEach(() => {
  endRuns();
  rmSync(folder, { recursive: true });
});

function config(yaml: string, name = "falco-outputs.yaml"): string {
  const file = join(folder, name);
  writeFileSync(file, yaml);
  return file;
}

async function post(url: string, body: string): Promise<void> {
  const sent = request(url, { method: "POST" }).end(body);
  const [response] = await once(sent, "response");
  expect(response.resume().statusCode).toBe(200);
}

const stopping =
  "stopping: waiting for the outputs to write what they hold; a second signal ends the process at once";

/** Whether a process is there, and not only its exit status, which nobody has asked for. */
function isRunning(pid: number): boolean {
  const stat = `/proc/${pid}/stat`;
  return existsSync(stat) && !/\) [ZX] /.test(readFileSync(stat, "utf8"));
}

async function ready(run: ReturnType<typeof falcoOutputs>) {
  return (await run.logged("ready")) as unknown as { listen: string[]; http: string[] };
}

describe("falco-outputs serve -c", () => {
  it("serves what the file says, and tells which keys of falco.yaml it ignores", async () => {
    const file = config(`
rules_files: [/etc/falco/falco_rules.yaml]
json_output: true
grpc: { enabled: true, bind_address: "unix://${folder}/falco.sock" }
grpc_output: { enabled: true }
stdout_output: { enabled: true }
inputs: { http: { bind_address: "127.0.0.1:0" } }
`);
    const serve = falcoOutputs("serve", "-c", file);
    const { http, ...said } = await ready(serve);
    expect(said).toMatchObject({
      listen: [`unix://${folder}/falco.sock`],
      outputs: { stdout: true },
      format: "json",
    });
    expect(await serve.logged("keys of falco.yaml that have no meaning here are ignored")).toMatchObject({
      ignored: ["rules_files"],
    });
    await post(http[0]!, alerts[0]!);
    await expect.poll(() => serve.lines).toEqual([alerts[0]]);
    const got = await ran("get", "-a", join(folder, "falco.sock"));
    expect(got.out).toContain("Terminal shell in container");
    serve.child.kill("SIGTERM");
    expect(await serve.status).toBe(0);
    expect(await serve.logged("stopped")).toMatchObject({
      outputs: { stdout: { written: 1, failed: 0, dropped: 0, waiting: 0 } },
    });
  });

  it.each(["SIGUSR1", "SIGHUP"] as const)("reopens files on %s, as Falco does", async (signal) => {
    const [written, rotated] = [join(folder, "alerts.log"), join(folder, "alerts.log.1")];
    const file = config(`
grpc: { bind_address: "unix://${folder}/falco.sock" }
json_output: true
file_output: { enabled: true, filename: ${written}, keep_alive: true }
inputs: { http: { bind_address: "127.0.0.1:0" } }
`);
    const serve = falcoOutputs("serve", "-c", file);
    const url = (await ready(serve)).http[0]!;
    const read = (path: string) => readFileSync(path, "utf8").split("\n").slice(0, -1);
    await post(url, alerts[0]!);
    await expect.poll(() => read(written)).toEqual([alerts[0]]);
    renameSync(written, rotated);
    await post(url, alerts[1]!);
    await expect.poll(() => read(rotated)).toEqual([alerts[0], alerts[1]]);
    serve.child.kill(signal);
    // Opened again, and so created.
    await expect.poll(() => read(written)).toEqual([]);
    await post(url, alerts[2]!);
    await expect.poll(() => read(written)).toEqual([alerts[2]]);
  });

  it.each([
    ["SIGINT", "SIGTERM"],
    ["SIGTERM", "SIGINT"],
    ["SIGINT", "SIGINT"],
  ] as const)("ends at once at a second signal, whichever it is: %s, then %s", async (first, second) => {
    // It never answers, and is waited for as long as an attempt may take.
    const receiver = createServer().listen(0, "127.0.0.1");
    await once(receiver, "listening");
    const { port } = receiver.address() as AddressInfo;
    const file = config(`
grpc: { bind_address: "unix://${folder}/falco.sock" }
output_timeout: 600000
http_output: { enabled: true, url: "http://127.0.0.1:${port}/" }
inputs: { http: { bind_address: "127.0.0.1:0" } }
`);
    const serve = falcoOutputs("serve", "-c", file);
    await post((await ready(serve)).http[0]!, alerts[0]!);
    serve.child.kill(first);
    await serve.logged(stopping);
    serve.child.kill(second);
    expect(await serve.status).toBe(second);
    receiver.closeAllConnections();
    receiver.close();
  });

  it.each([true, false])(
    "leaves no program behind at a second signal, though it reads nothing (keep_alive: %s)",
    async (keepAlive) => {
      const started = join(folder, "pid");
      const file = config(`
grpc: { enabled: false }
output_timeout: 600000
program_output: { enabled: true, keep_alive: ${keepAlive}, program: "trap '' TERM HUP; echo $$ >${started}.new; mv ${started}.new ${started}; sleep 1000" }
inputs: { http: { bind_address: "127.0.0.1:0" } }
`);
      const serve = falcoOutputs("serve", "-c", file);
      await post((await ready(serve)).http[0]!, alerts[0]!);
      await expect.poll(() => existsSync(started)).toBe(true);
      const pid = Number(readFileSync(started, "utf8"));
      onTestFinished(() => void (isRunning(pid) && process.kill(-pid, "SIGKILL")));
      serve.child.kill("SIGTERM");
      await serve.logged(stopping);
      serve.child.kill("SIGTERM");
      expect(await serve.status).toBe("SIGTERM");
      await expect.poll(() => isRunning(pid)).toBe(false);
    },
  );

  it("takes the alerts of other servers, each a source of its own", async () => {
    const one = falcoOutputs("serve", "--listen", join(folder, "one.sock"), "--http", "127.0.0.1:0");
    const two = falcoOutputs("serve", "--listen", join(folder, "two.sock"), "--http", "127.0.0.1:0");
    const file = config(`
grpc: { bind_address: "unix://${folder}/all.sock" }
json_output: true
stdout_output: { enabled: true }
inputs:
  grpc:
    - { name: one, address: ${folder}/one.sock }
    - { name: two, address: ${folder}/two.sock }
`);
    const all = falcoOutputs("serve", "-c", file);
    expect(await ready(all)).toMatchObject({
      servers: { one: `${folder}/one.sock`, two: `${folder}/two.sock` },
    });
    await post((await ready(one)).http[0]!, alerts[0]!);
    await post((await ready(two)).http[0]!, alerts[1]!);
    await expect
      .poll(() => all.lines.map((line) => JSON.parse(line).rule).sort())
      .toEqual(["Read sensitive file untrusted", "Terminal shell in container"]);
    all.child.kill("SIGTERM");
    expect(await all.status).toBe(0);
    expect(await all.logged("stopped")).toMatchObject({
      inputs: { "grpc:one": { accepted: 1 }, "grpc:two": { accepted: 1 } },
    });
  });

  it("says when it serves no gRPC", async () => {
    const file = config(`
grpc: { enabled: false }
stdout_output: { enabled: true }
inputs: { http: { bind_address: "127.0.0.1:0" } }
`);
    const said = await ready(falcoOutputs("serve", "-c", file));
    expect(said).toMatchObject({ grpc: false, outputs: { stdout: true }, format: "text" });
    expect(said).not.toHaveProperty("by_default");
    expect(said).not.toHaveProperty("listen");
  });

  it("warns of switches that contradict each other", async () => {
    const file = config(`
grpc: { enabled: true, bind_address: "unix://${folder}/falco.sock" }
grpc_output: { enabled: false }
stdout_output: { enabled: true }
inputs: { http: { bind_address: "127.0.0.1:0" } }
`);
    const serve = falcoOutputs("serve", "-c", file);
    await serve.logged(
      `${file}:3: grpc_output.enabled: false turns gRPC off although grpc.enabled is true: remove grpc_output, or set it to true`,
    );
    expect(await ready(serve)).toMatchObject({ grpc: false });
  });

  it("continues when standard input ends but a socket takes posts as well", async () => {
    const file = config(`
grpc: { bind_address: "unix://${folder}/falco.sock" }
stdout_output: { enabled: true }
json_output: true
inputs: { stdin: {}, http: { bind_address: "unix://${folder}/in.sock" } }
`);
    const serve = falcoOutputs("serve", "-c", file);
    await ready(serve);
    serve.child.stdin.end();
    await serve.logged("standard input has ended");
    const forward = falcoOutputs("forward", "-a", `${folder}/in.sock`);
    forward.child.stdin.end(alerts[0]);
    expect([await forward.status, forward.err]).toEqual([0, ""]);
    await expect.poll(() => serve.lines).toEqual([alerts[0]]);
    serve.child.kill("SIGTERM");
    expect(await serve.status).toBe(0);
  });

  it.each([
    ["a key that is none", "grcp: {}", ":1: grcp: no such key, did you mean grpc?"],
    [
      "a loop",
      "file_output: { enabled: true, filename: a }\ninputs: { file: { filename: ./a } }",
      ":1: file_output.filename feeds inputs.file.filename of the same server",
    ],
    [
      "what the server does not take, in the file's words",
      "syslog_output: { enabled: true, facility: local9 }",
      ':1: syslog_output.facility: "local9", expected one of kern',
    ],
    ["nothing to listen on", "\ngrpc: { enabled: false }", ":2: grpc is off, and so is every other output"],
    ["an output without its file", "file_output: { enabled: true }", ":1: file_output.filename: is missing"],
    [
      "certificates of another server that are not there",
      "\ninputs:\n  grpc:\n    - { address: x:1, private_key: /k, cert_chain: /c, root_certs: /nowhere/ca.crt }",
      ':4: inputs.grpc[0].root_certs: "/nowhere/ca.crt", expected PEM, or the path of a file that can be read (ENOENT',
    ],
    [
      "another server without TLS",
      "inputs: { grpc: { address: x:5060 } }",
      ':1: inputs.grpc.address: "x:5060", expected it with inputs.grpc.root_certs, inputs.grpc.cert_chain and inputs.grpc.private_key (mutual TLS), or with inputs.grpc.insecure: true',
    ],
  ])("refuses %s with status 2", async (_, yaml, message) => {
    const file = config(yaml);
    const run = await ran("serve", "-c", file);
    expect(run).toMatchObject({ status: 2, out: "" });
    expect(run.err).toContain(`falco-outputs: ${file}${message}`);
    expect(run.err).not.toContain('"msg":"ready"');
  });

  it("says each thing that is wrong on a line of its own", async () => {
    const file = config("json_output: 1\noutput_timeout: soon");
    expect(await ran("serve", "-c", file)).toEqual({
      status: 2,
      out: "",
      err: `falco-outputs: ${file}:1: json_output: 1, expected true or false
falco-outputs: ${file}:2: output_timeout: "soon", expected milliseconds, a whole number from 1
`,
    });
  });

  it("refuses options beside the file", async () => {
    const run = await ran("serve", "-c", config(""), "--listen", "x");
    expect(run).toMatchObject({ status: 2 });
    expect(run.err).toContain("--listen and --config exclude each other");
  });

  it.each([
    [
      "it prints to",
      "inputs: { stdin: {} }\nstdout_output: { enabled: true }",
      "stdout_output feeds inputs.stdin of the same server",
    ],
    [
      "its standard output is",
      "inputs: { file: { filename: FILE } }\nstdout_output: { enabled: true }",
      "stdout_output feeds inputs.file.filename of the same server",
    ],
    [
      "its standard input is, and writes it",
      "inputs: { stdin: {} }\nfile_output: { enabled: true, filename: FILE }",
      "file_output.filename feeds inputs.stdin of the same server",
    ],
  ])("refuses to read the file that %s", (_, yaml, message) => {
    const log = join(folder, "alerts.log");
    const file = config(yaml.replace("FILE", log));
    const descriptor = openSync(log, "a+");
    const { status, stderr } = spawnSync(process.execPath, [command, "serve", "-c", file], {
      stdio: [descriptor, descriptor, "pipe"],
      encoding: "utf8",
      timeout: 10_000,
    });
    expect(stderr).toContain(message);
    expect(status).toBe(2);
  });
});
