import { execFile, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Authority, fixtureLines, lacks, writeIdentity } from "@falco-outputs/testing";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { endRuns, falcoOutputs } from "../testing/run.js";
import { scrape } from "./testing/scrape.js";

const deploy = new URL("../../../../deploy/", import.meta.url);
const rulesFile = new URL("prometheus/alerts.yaml", deploy).pathname;
const dashboardFile = new URL("grafana/falco-outputs.json", deploy).pathname;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "deploy-"));
});
afterAll(() => {
  endRuns();
  rmSync(folder, { recursive: true });
});

/** A server with all that is measured: an output, a certificate, a Falco that is watched, alerts. Returns its operations URL. */
async function serve(): Promise<string> {
  const authority = await Authority.create();
  const { key, cert, ca } = writeIdentity(folder, "server", authority.ca, await authority.issue());
  const config = join(folder, "falco-outputs.yaml");
  writeFileSync(
    config,
    `grpc: { bind_address: "127.0.0.1:0", private_key: ${key}, cert_chain: ${cert}, root_certs: ${ca} }
inputs: { http: { bind_address: "127.0.0.1:0" } }
json_output: true
file_output: { enabled: true, filename: ${join(folder, "alerts.jsonl")} }
falco: { expect_every: 1h }
operations: { bind_address: 127.0.0.1:0 }
`,
  );
  const ready = await falcoOutputs("serve", "-c", config).logged("ready");
  const url = ready.operations as string;
  const [http] = ready.http as string[];
  for (const line of fixtureLines("alerts.jsonl")) await fetch(http!, { method: "POST", body: line });
  await expect.poll(async () => (await scrape(url)).value("falco_outputs_falco_up")).toBe(1);
  return url;
}

const isMissing = lacks("promtool", isOnPath("promtool"), "apt-get install prometheus");

describe.skipIf(isMissing)("promtool", () => {
  it("accepts the metrics, but for falco-exporter's name", async () => {
    const { text } = await scrape(await serve());
    const checked = await promtool(["check", "metrics"], text);
    expect(checked.trim()).toBe('falco_events counter metrics should have "_total" suffix');
  });

  it("accepts the alert rules", async () => {
    expect(await promtool(["check", "rules", rulesFile])).toContain("SUCCESS: 6 rules found");
  });

  it("finds that the alert rules fire when they should", async () => {
    const tests = new URL("prometheus/alerts.test.yaml", deploy).pathname;
    expect(await promtool(["test", "rules", tests])).toMatch(/^Unit Testing: .*\n {2}SUCCESS\n/);
  });
});

it("each metric that the dashboard and the alert rules name is there", async () => {
  const { text } = await scrape(await serve());
  const known = new Set([...text.matchAll(/^(\w+)(?:\{| )/gm)].map(([, name]) => name));
  const dashboard = JSON.parse(readFileSync(dashboardFile, "utf8"));
  const expressions = [
    ...dashboard.panels.flatMap(({ targets }: { targets: { expr: string }[] }) =>
      targets.map(({ expr }) => expr),
    ),
    ...readFileSync(rulesFile, "utf8").matchAll(/expr: (.*(?:\n {10}.*)*)/g),
  ].map(String);
  expect(expressions.length).toBeGreaterThan(20);
  const named = new Set(expressions.flatMap((text) => text.match(/\b(?:falco|process|nodejs)_\w+/g) ?? []));
  expect(named.size).toBeGreaterThan(15);
  expect([...named].filter((name) => !known.has(name))).toEqual([]);
});

describe.skipIf(isMissing)("a real Prometheus", () => {
  it("scrapes the server, and has falco_events by its name", { timeout: 60_000 }, async () => {
    const url = new URL(await serve());
    const config = join(folder, "prometheus.yaml");
    writeFileSync(
      config,
      `global: { scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms }
rule_files: ["${rulesFile}"]
scrape_configs: [{ job_name: falco-outputs, static_configs: [{ targets: ["${url.host}"] }] }]
`,
    );
    const port = await freePort();
    const prometheus = spawn(
      "prometheus",
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(folder, "data")}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: "ignore" },
    );
    onTestFinished(() => void prometheus.kill("SIGKILL"));
    const query = async (
      text: string,
    ): Promise<{ metric: Record<string, string>; value: [number, string] }[]> => {
      const answer = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(text)}`);
      return ((await answer.json()) as { data: { result: [] } }).data.result;
    };
    const count = (text: string) =>
      query(text).then(
        ([first]) => Number(first?.value[1] ?? Number.NaN),
        () => Number.NaN,
      );
    const patiently = { timeout: 40_000, interval: 200 };
    await expect.poll(() => count("sum(falco_events)"), patiently).toBe(fixtureLines("alerts.jsonl").length);
    await expect
      .poll(() => count("count_over_time(up{job='falco-outputs'}[1m])"), patiently)
      .toBeGreaterThan(5);
    expect(await count("min_over_time(up{job='falco-outputs'}[1m])")).toBe(1);
    expect(await count("sum(falco_outputs_inputs_total{status='accepted'})")).toBe(
      fixtureLines("alerts.jsonl").length,
    );
    expect(await count("count(ALERTS{alertstate='firing'})")).toBeNaN();
  });
});

function isOnPath(program: string): boolean {
  try {
    execFileSync("which", [program], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** What promtool says, whatever it makes of it. */
async function promtool(args: readonly string[], input = ""): Promise<string> {
  const running = promisify(execFile)("promtool", args);
  running.child.stdin!.end(input);
  const { stdout, stderr } = await running.catch((error: { stdout: string; stderr: string }) => error);
  return stdout + stderr;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
