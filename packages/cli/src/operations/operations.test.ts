import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@falco-outputs/node";
import { Authority, fixtureLines, writeIdentity } from "@falco-outputs/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ran } from "../testing/in-process.js";
import { endRuns, falcoOutputs } from "../testing/run.js";
import { type Scrape, scrape } from "./testing/scrape.js";

let folder: string;
let count = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "operations-"));
});
afterAll(() => {
  endRuns();
  rmSync(folder, { recursive: true });
});

/** Starts a server with these blocks in its configuration. */
async function serve(blocks: string) {
  const socket = join(folder, `${++count}.sock`);
  const config = join(folder, `${count}.yaml`);
  writeFileSync(
    config,
    `grpc: { bind_address: "unix://${socket}" }\ninputs: { http: { bind_address: "127.0.0.1:0" } }\n${blocks}`,
  );
  const run = falcoOutputs("serve", "-c", config);
  const ready = await run.logged("ready");
  const [http] = ready.http as string[];
  const post = async (body: string) => {
    expect((await fetch(http!, { method: "POST", body })).status).toBe(200);
  };
  return { run, post, http: http!, address: `unix://${socket}`, url: ready.operations as string };
}

const onFreePort = "operations: { bind_address: 127.0.0.1:0 }";

async function ask(url: string, path: string) {
  const response = await fetch(`${url}${path}`);
  return { status: response.status, body: await response.json() };
}

describe("the operations listener", () => {
  it("answers whether the process is healthy and ready, and nothing else", async () => {
    const { url } = await serve(onFreePort);
    expect(await ask(url, "/healthz")).toEqual({ status: 200, body: { healthy: true, problems: [] } });
    expect(await ask(url, "/readyz")).toEqual({ status: 200, body: { ready: true, problems: [] } });
    const head = await fetch(`${url}/healthz`, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    expect((await fetch(`${url}/healthz`, { method: "POST" })).status).toBe(405);
    const other = await fetch(`${url}/x`);
    expect([other.status, await other.text()]).toEqual([404, "there are /healthz, /readyz, /metrics\n"]);
  });

  it("is not ready while the server stops", async () => {
    const receiver = createServer().listen(0, "127.0.0.1");
    await once(receiver, "listening");
    const { port } = receiver.address() as AddressInfo;
    // It never answers, and the server waits for it.
    const output = `http_output: { enabled: true, url: "http://127.0.0.1:${port}/" }`;
    const { url, run, post } = await serve(`${onFreePort}\noutput_timeout: 30000\n${output}`);
    await post(fixtureLines("alerts.jsonl")[0]!);
    await once(receiver, "connection");
    run.child.kill("SIGTERM");
    await expect
      .poll(() => ask(url, "/readyz"))
      .toEqual({ status: 503, body: { ready: false, problems: ["stopping"] } });
    expect((await ask(url, "/healthz")).status).toBe(200);
    run.child.kill("SIGTERM");
    expect(await run.status).toBe("SIGTERM");
    receiver.close();
  });

  it("is not ready while the log's disk fails", async () => {
    const directory = join(folder, "log");
    const { url, post } = await serve(`${onFreePort}\nlog: { directory: ${directory} }`);
    await post(fixtureLines("alerts.jsonl")[0]!);
    expect((await ask(url, "/readyz")).status).toBe(200);
    rmSync(directory, { recursive: true });
    await expect
      .poll(() => ask(url, "/readyz"))
      .toEqual({
        status: 503,
        body: { ready: false, problems: [expect.stringMatching(/^log: alerts are in memory only: /)] },
      });
    await post(fixtureLines("alerts.jsonl")[1]!);
    expect((await ask(url, "/healthz")).status).toBe(200);
  });

  it("listens where others can reach it only if that is asked for", async () => {
    const { url } = await serve('operations: { bind_address: "0.0.0.0:0", insecure: true }');
    expect((await ask(url.replace("0.0.0.0", "127.0.0.1"), "/healthz")).status).toBe(200);
  });

  it.each([
    ["bind_address: 0.0.0.0:0", "operations.bind_address: "],
    ["bind_address: 0.0.0.0:0", "expected a loopback address, or operations.root_certs"],
    ["bind_address: nowhere", 'operations.bind_address: "nowhere", expected '],
    ["cert_chain: x.crt", "operations: private_key and cert_chain go together"],
    ["root_certs: ca.crt", "operations.root_certs: needs private_key and cert_chain"],
    ["event_labels: [pod]", 'operations.event_labels[0]: "pod", expected one of rule, priority, hostname'],
    ["bind_adress: 127.0.0.1:1", "operations.bind_adress: no such key, did you mean bind_address?"],
  ])("is refused with %s: %s", async (block, message) => {
    const config = join(folder, `${++count}.yaml`);
    writeFileSync(config, `operations: { ${block} }`);
    const { status, err } = await ran("serve", "-c", config);
    expect([status, err]).toEqual([2, expect.stringContaining(message)]);
    expect(err).toContain(`${config}:1: `);
  });

  it("asks for a certificate over mutual TLS, and tells when its own expires", async () => {
    const authority = await Authority.create();
    const server = writeIdentity(join(folder, "tls"), "server", authority.ca, await authority.issue());
    const { url } = await serve(
      `operations: { bind_address: "127.0.0.1:0", private_key: ${server.key}, cert_chain: ${server.cert}, root_certs: ${server.ca} }`,
    );
    const get = (identity: object) =>
      new Promise<string>((resolve, reject) => {
        request(`${url}/metrics`, { ca: authority.ca, ...identity }, async (response) => {
          resolve(Buffer.concat(await response.toArray()).toString());
        })
          .on("error", reject)
          .end();
      });
    await expect(get({})).rejects.toThrow();
    const text = await get(await authority.issue());
    expect(text).toMatch(
      /^falco_outputs_certificate_expiry_timestamp_seconds\{listener="operations 127\.0\.0\.1:\d+"\} \d+$/m,
    );
  });
});

/** The metrics of a server that took real alerts, the first one twice, in both forms. */
async function scrapeReal(): Promise<Record<"metrics" | "openMetrics", Scrape>> {
  const { url, post } = await serve(onFreePort);
  await post(fixtureLines("alerts.jsonl").join("\n"));
  await post(fixtureLines("alerts.jsonl")[0]!);
  return {
    metrics: await scrape(url),
    openMetrics: await scrape(url, "application/openmetrics-text; version=1.0.0,text/plain;q=0.5"),
  };
}

describe("falco_events", () => {
  it("has falco-exporter's labels and values for real alerts, in both forms", async () => {
    const { metrics, openMetrics } = await scrapeReal();
    // As falco-exporter makes them: %d of the priority, the fields or "", ",%s," of the joined tags.
    const priorities = [
      "emergency",
      "alert",
      "critical",
      "error",
      "warning",
      "notice",
      "informational",
      "debug",
    ];
    const expected = new Map<string, number>();
    for (const [index, line] of [
      ...fixtureLines("alerts.jsonl"),
      fixtureLines("alerts.jsonl")[0]!,
    ].entries()) {
      const { rule, priority, hostname = "", source = "", tags = [], output_fields } = JSON.parse(line);
      const text = (value: unknown) => (value === null ? "<NA>" : String(value ?? ""));
      const labels = JSON.stringify({
        hostname,
        k8s_ns_name: text(output_fields?.["k8s.ns.name"]),
        k8s_pod_name: text(output_fields?.["k8s.pod.name"]),
        priority: String(priorities.indexOf(priority.toLowerCase())),
        rule,
        source,
        tags: `,${tags.join(",")},`,
      });
      expect(index).toBeLessThan(20);
      expected.set(labels, (expected.get(labels) ?? 0) + 1);
    }
    for (const { type, series } of [
      { type: "counter", series: metrics },
      { type: "unknown", series: openMetrics },
    ]) {
      expect(series.type("falco_events")).toBe(type);
      const seen = series
        .samples("falco_events")
        .map(({ labels, value }): [string, number] => [
          JSON.stringify(Object.fromEntries(Object.entries(labels).sort())),
          value,
        ]);
      expect(new Map(seen)).toEqual(expected);
    }
  });

  it("stands beside the same metrics in both forms", async () => {
    const { metrics, openMetrics } = await scrapeReal();
    expect(metrics.contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(openMetrics.contentType).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8");
    expect(openMetrics.text.endsWith("\n# EOF\n")).toBe(true);
    expect(openMetrics.type("falco_outputs_inputs")).toBe("counter");
    expect(metrics.type("falco_outputs_inputs_total")).toBe("counter");
    const ours = (text: string) => text.split("\n").filter((line) => line.startsWith("falco_"));
    expect(ours(openMetrics.text)).toEqual(ours(metrics.text));
  });
});

it("each label can be left out", async () => {
  const { url, post } = await serve(
    "operations: { bind_address: 127.0.0.1:0, event_labels: [priority, rule] }",
  );
  const alert = { rule: "a", priority: "Notice", hostname: "h", output_fields: { "k8s.pod.name": "p" } };
  await post(JSON.stringify(alert));
  await post(JSON.stringify({ ...alert, hostname: "other" }));
  expect((await scrape(url)).samples("falco_events")).toEqual([
    { labels: { rule: "a", priority: "5" }, value: 2 },
  ]);
});

it("an attack of many rules stays bounded, and is told once", async () => {
  const { url, post, run } = await serve(onFreePort);
  const alerts = (from: number, to: number) =>
    Array.from(
      { length: to - from },
      (_, index) => `{"rule":"r${from + index}","priority":"Notice","output":"o"}`,
    ).join("\n");
  for (let from = 0; from < 30_000; from += 5_000) await post(alerts(from, from + 5_000));
  await post(`{"rule":"${"x".repeat(5_000)}","priority":"Notice","output":"o"}`);
  const events = (await scrape(url)).samples("falco_events");
  expect(events).toHaveLength(10_001);
  const [rest] = events.filter(({ labels }) => labels.rule === "(others)");
  expect(rest!.value).toBe(20_001);
  expect(events.reduce((sum, { value }) => sum + value, 0)).toBe(30_001);
  expect(run.err.match(/falco_events has as many series/g)).toHaveLength(1);
});

it("counts what inputs, outputs, streams and groups do", async () => {
  const written = join(folder, "written.jsonl");
  const { url, post, http, address } = await serve(
    `${onFreePort}\njson_output: true\nfile_output: { enabled: true, filename: ${written} }`,
  );
  await fetch(http, { method: "POST", body: "{}" });
  const before = Date.now() / 1_000;
  for (const line of fixtureLines("alerts.jsonl").slice(0, 3)) await post(line);
  const falco = createClient({ address });
  await falco
    .get({ group: "pager" })
    .first()
    .catch(() => undefined);
  await post(fixtureLines("alerts.jsonl")[3]!);
  const got = [];
  for await (const alert of falco.get({ broadcast: true })) got.push(alert);
  expect(got).toHaveLength(4);
  await expect
    .poll(async () =>
      (await scrape(url)).value("falco_outputs_outputs_total", { output: "file", status: "written" }),
    )
    .toBe(4);
  const metrics = await scrape(url);
  const values = {
    'falco_outputs_inputs_total{input="http",status="accepted"}': 4,
    'falco_outputs_inputs_total{input="http",status="rejected"}': 1,
    'falco_outputs_inputs_total{input="lines",status="accepted"}': 0,
    'falco_outputs_outputs_total{output="grpc",status="written"}': 4,
    'falco_outputs_outputs_total{output="file",status="dropped"}': 0,
    'falco_outputs_output_waiting{output="file"}': 0,
    'falco_outputs_lost_total{cause="evicted"}': 0,
    'falco_outputs_lost_total{cause="dropped"}': 0,
    'falco_outputs_lost_total{cause="failed"}': 0,
    'falco_outputs_streams{mode="broadcast"}': 0,
    'falco_outputs_group_waiting{group=""}': 4,
    'falco_outputs_group_waiting{group="pager"}': 1,
    'falco_outputs_delivered_total{mode="broadcast"}': 4,
    falco_outputs_redelivered_total: 0,
    falco_outputs_log_alerts: 4,
  };
  const lines = metrics.text.split("\n");
  for (const [name, value] of Object.entries(values)) expect(lines).toContain(`${name} ${value}`);
  expect(metrics.value("falco_outputs_log_bytes")).toBeGreaterThan(1_000);
  expect(metrics.value("falco_outputs_log_first_timestamp_seconds")).toBeCloseTo(1_780_391_647.123, 2);
  expect(metrics.value("falco_outputs_last_alert_timestamp_seconds")).toBeGreaterThanOrEqual(before);
  expect(metrics.samples("falco_outputs_build_info")[0]!.labels).toMatchObject({
    node: process.versions.node,
  });
  expect(metrics.value("process_resident_memory_bytes")).toBeGreaterThan(1e6);
  expect(metrics.samples("falco_outputs_falco_up")).toEqual([]);
  await falco.close();
});
