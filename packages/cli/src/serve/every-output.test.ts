import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@falco-outputs/node";
import { DgramSocket } from "node-unix-socket";
import { afterEach, beforeEach, expect, it } from "vitest";
import { endRuns, falcoOutputs } from "../testing/run.js";

const count = 10_000;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "every-output-"));
});
afterEach(() => {
  endRuns();
  rmSync(folder, { recursive: true });
});

const lineOf = (index: number) =>
  JSON.stringify({
    hostname: "node-1",
    output: `09:14:07.${String(index).padStart(9, "0")}: Notice alert ${index}`,
    output_fields: { "evt.time": index },
    priority: "Notice",
    rule: "Terminal shell in container",
    source: "syscall",
    tags: ["container"],
    time: "2026-06-02T09:14:07.123456789Z",
  });

it("answers all of Falco's posts before a receiver that hangs answered one, with every output on", {
  timeout: 120_000,
}, async () => {
  const held: ServerResponse[] = [];
  const receiver = createServer((request, response) => {
    request.resume();
    held.push(response);
  }).listen(0, "127.0.0.1");
  await once(receiver, "listening");
  // A syslogd's local socket.
  const logged: string[] = [];
  const syslogd = new DgramSocket();
  syslogd.bind(join(folder, "log"));
  syslogd.on("data", (datagram: Buffer) => logged.push(datagram.toString()));
  const socket = join(folder, "falco.sock");
  const config = join(folder, "falco-outputs.yaml");
  writeFileSync(
    config,
    `
json_output: true
grpc: { enabled: true, bind_address: "unix://${socket}" }
stdout_output: { enabled: true }
file_output: { enabled: true, filename: ${folder}/alerts.jsonl }
program_output: { enabled: true, keep_alive: true, program: "cat > ${folder}/program.jsonl" }
syslog_output: { enabled: true, socket: ${folder}/log }
http_output: { enabled: true, url: "http://127.0.0.1:${(receiver.address() as AddressInfo).port}/" }
inputs: { http: { bind_address: "127.0.0.1:0" } }
`,
  );
  const serve = falcoOutputs("serve", "-c", config);
  const { http } = (await serve.logged("ready")) as { http: string[] };
  const falco = createClient({ address: socket });
  const received: string[] = [];
  const subscribed = (async () => {
    for await (const alert of falco.sub()) if (received.push(alert.output) === count) return;
  })();

  // As libcurl does it for Falco: one connection, one alert after the other.
  const falcoSocket = connect(Number(new URL(http[0]!).port), "127.0.0.1");
  for (let index = 0; index < count; index++) {
    const line = lineOf(index);
    falcoSocket.write(
      `POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${line.length}\r\n\r\n${line}`,
    );
    const [answer] = await once(falcoSocket, "data");
    expect(String(answer)).toMatch(/^HTTP\/1\.1 200 .*\r\n\r\n$/s);
  }
  falcoSocket.destroy();
  await expect.poll(() => held.length, { timeout: 10_000 }).toBeGreaterThan(0);
  expect(held.every((response) => !response.writableEnded)).toBe(true);

  await subscribed;
  await falco.close();
  const lines = Array.from({ length: count }, (_, index) => lineOf(index));
  const linesIn = (text: string) => text.split("\n").slice(0, -1);
  await expect.poll(() => serve.lines.length, { timeout: 10_000 }).toBe(count);
  expect(serve.lines).toEqual(lines);
  for (const file of ["alerts.jsonl", "program.jsonl"]) {
    const read = () => linesIn(readFileSync(join(folder, file), "utf8"));
    await expect.poll(() => read().length, { timeout: 10_000 }).toBe(count);
    expect(read()).toEqual(lines);
  }
  expect(received).toEqual(lines.map((line) => JSON.parse(line).output));

  await expect.poll(() => logged.length, { timeout: 30_000 }).toBe(count);
  // Facility user, severity notice.
  for (const [index, message] of logged.entries()) {
    expect(message).toMatch(/^<13>.{15} falco: /);
    expect(message.endsWith(lines[index]!)).toBe(true);
  }
  syslogd.close();

  for (const response of held) response.destroy();
  receiver.close();
  receiver.closeAllConnections();
  serve.child.kill("SIGTERM");
  expect(await serve.status).toBe(0);
  const { outputs } = await serve.logged("stopped");
  const accounted = Object.entries(outputs as Record<string, Record<string, number>>).map(
    ([name, { written, failed, dropped }]) => [name, written! + failed! + dropped!],
  );
  expect(Object.fromEntries(accounted)).toEqual({
    stdout: count,
    file: count,
    program: count,
    syslog: count,
    http: count,
  });
});
