import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { ran } from "../../testing/in-process.js";
import { endRuns, falcoOutputs, Run } from "../../testing/run.js";
import { scrape } from "../testing/scrape.js";

let folder: string;
let count = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "liveness-"));
});
afterAll(() => {
  endRuns();
  rmSync(folder, { recursive: true });
});

const snapshot =
  '{"rule":"Falco internal: metrics snapshot","priority":"Informational","source":"internal","output":"Falco metrics snapshot"}';
const other = '{"rule":"Terminal shell in container","priority":"Notice","source":"syscall","output":"o"}';

async function serve(falco: string, operations = "") {
  const config = join(folder, `${++count}.yaml`);
  const address = join(folder, `${count}.sock`);
  writeFileSync(
    config,
    `grpc: { bind_address: "unix://${address}" }
inputs: { http: { bind_address: "127.0.0.1:0" } }
operations: { bind_address: 127.0.0.1:0${operations} }
falco: { ${falco} }
`,
  );
  const run = falcoOutputs("serve", "-c", config);
  const ready = await run.logged("ready");
  const url = ready.operations as string;
  const [http] = ready.http as string[];
  return {
    run,
    address,
    post: (body: string) => fetch(http!, { method: "POST", body }),
    up: async () => (await scrape(url)).value("falco_outputs_falco_up"),
    readyz: async () => {
      const response = await fetch(`${url}/readyz`);
      return { status: response.status, ...(await response.json()) };
    },
  };
}

/** Falco's web server. */
async function startFalco(): Promise<{ url: string; server: Server; answer(status: number): void }> {
  let status = 200;
  const server = createServer((request, response) => {
    response.writeHead(request.url === "/healthz" ? status : 404).end('{"status": "ok"}');
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    server,
    answer(next) {
      status = next;
    },
  };
}

it("Falco is alive while its web server answers", async () => {
  const { url } = await startFalco();
  const server = await serve(`url: "${url}"`);
  await expect.poll(server.up).toBe(1);
  expect(await server.readyz()).toEqual({
    status: 200,
    ready: true,
    problems: [],
    falco: { state: "alive", reason: `${url}/healthz answers`, since: expect.stringMatching(/Z$/) },
  });
  expect(await server.run.logged("Falco is alive")).toMatchObject({ level: "info" });
  expect((await ran("status", "-a", server.address)).out).toMatch(
    /^falco: {6}version not known, alive since \S+Z \(http:\S+\/healthz answers\)$/m,
  );
});

it("Falco is silent when its web server says so, and an alert tells", async () => {
  const { url, answer } = await startFalco();
  answer(503);
  const server = await serve(`url: "${url}", alert_when_silent: true`);
  await expect.poll(server.up).toBe(0);
  const reason = `${url}/healthz does not answer: HTTP status 503`;
  expect(await server.readyz()).toMatchObject({
    status: 200,
    ready: true,
    falco: { state: "silent", reason },
  });
  expect(await server.run.logged("Falco is silent")).toMatchObject({ level: "warn", reason });
  const get = new Run(["get", "-a", server.address, "-o", "json", "-f", "-n", "1"]);
  expect(await get.status).toBe(0);
  expect(JSON.parse(get.out)).toMatchObject({
    rule: "Falco is silent",
    priority: "Critical",
    source: "internal",
    output: `Falco is silent: ${reason}`,
  });
});

it("Falco is alive while its metrics snapshots come, whatever else does", async () => {
  const server = await serve("metrics_interval: 400ms", ", ready_needs_falco: true");
  await server.post(other);
  await expect.poll(server.up).toBe(0);
  expect(await server.readyz()).toMatchObject({
    status: 503,
    ready: false,
    problems: [expect.stringMatching(/^falco: no metrics snapshot for \d+ s$/)],
  });
  const posting = setInterval(() => void server.post(snapshot), 50);
  await expect.poll(server.up).toBe(1);
  expect((await server.readyz()).status).toBe(200);
  clearInterval(posting);
  await expect.poll(server.up).toBe(0);
});

it("Falco is alive while any alert comes, where one is expected", async () => {
  const server = await serve("expect_every: 400ms");
  const posting = setInterval(() => void server.post(other), 50);
  await expect.poll(server.up).toBe(1);
  clearInterval(posting);
  await expect.poll(server.up).toBe(0);
  expect((await server.readyz()).falco.reason).toMatch(/^no alert for \d+ s$/);
});

it("Falco's state is not known before the first sign is due", async () => {
  const server = await serve("metrics_interval: 1h, expect_every: 1h");
  expect(await server.up()).toBeUndefined();
  expect((await server.readyz()).falco).toMatchObject({
    state: "unknown",
    reason: "no metrics snapshot so far; no alert so far",
  });
});

it.each([
  ["falco: { metrics_interval: 5 }", "falco.metrics_interval: 5, expected a time, e.g. 30s, 15m or 1h"],
  ["falco: { metrics_interval: 1y }", 'falco.metrics_interval: "1y", expected a time, e.g. 30s, 15m or 1h'],
  [
    "priority: warning\nfalco: { metrics_interval: 1h }",
    "falco.metrics_interval: Falco's snapshots are informational, and priority: warning keeps them out",
  ],
  [
    "operations: { event_labels: [rule] }\nfalco: { metrics_interval: 1h }",
    "falco.metrics_interval: needs rule and source among operations.event_labels, by which Falco's snapshots are known",
  ],
  [
    "falco: { alert_when_silent: true }",
    "falco.alert_when_silent: needs url, metrics_interval or expect_every",
  ],
])("%j is refused", async (yaml, message) => {
  const config = join(folder, `${++count}.yaml`);
  writeFileSync(config, yaml);
  const run = falcoOutputs("serve", "-c", config);
  expect(await run.status).toBe(2);
  expect(run.err).toContain(message);
});
