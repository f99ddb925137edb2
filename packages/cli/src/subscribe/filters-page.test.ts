import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AlertInit, type AlertStream, type Client, createClient } from "@falco-outputs/node";
import { type FalcoOutputsServer, startServer } from "@falco-outputs/server";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { endRuns, Run } from "../testing/run.js";

// Runs the commands of docs/filters.md, and the calls beside them.

interface Question {
  readonly question: string;
  readonly command: string;
  readonly call: string | undefined;
}

const page = readFileSync(new URL("../../../../docs/filters.md", import.meta.url), "utf8");
const questions: Question[] = page
  .split(/^## /m)
  .map((section) => ({
    question: section.split("\n")[0]!,
    command: /```sh\n(.*?)\n```/s.exec(section)?.[1] ?? "",
    call: /```js\n(.*?);\n```/s.exec(section)?.[1],
  }))
  .filter(({ question }) => question.endsWith("?"));

const day = 86_400_000;
const night = "2026-11-02T01:00:00Z";
type Said = Partial<AlertInit> & { output: string };
const fields = (outputFields: Record<string, string>) => ({ outputFields });
const inPod = (namespace: string, pod: string) => fields({ "k8s.ns.name": namespace, "k8s.pod.name": pod });

/** For each command, alerts of which those that it should print have an output that begins with "wanted". */
const alertsFor: Readonly<Record<string, readonly Said[]>> = {
  "What did namespace shop": [
    { output: "wanted-1", time: night, ...inPod("shop", "web") },
    { output: "unwanted-too-early", time: "2026-11-01T21:59:59.999Z", ...inPod("shop", "web") },
    { output: "unwanted-too-late", time: "2026-11-02T06:00:00Z", ...inPod("shop", "web") },
    {
      output: "unwanted-noisy",
      time: night,
      rule: "Contact K8S API Server From Container",
      ...inPod("shop", "web"),
    },
    { output: "unwanted-another-namespace", time: night, ...inPod("shopping", "web") },
  ],
  "What happened in the last two hours": [
    { output: "unwanted", rule: "unwanted-yesterday", time: new Date(Date.now() - day) },
    { output: "wanted-1", time: new Date(Date.now() - 60_000), rule: "wanted-1", ...inPod("shop", "web") },
  ],
  "What is serious": [
    { output: "wanted-1", priority: "Error" },
    { output: "unwanted-less", priority: "Warning" },
    { output: "wanted-2", priority: "Emergency" },
  ],
  "What happened in these pods": [
    { output: "wanted-1", ...inPod("shop", "web-6c9f7b8d4-x2x9k") },
    { output: "wanted-2", ...inPod("pay", "db-0") },
    { output: "unwanted-another-namespace", ...inPod("shop", "db-0") },
    { output: "unwanted-another-pod", ...inPod("shop", "webhook") },
  ],
  "Which alerts come from one version": [
    {
      output: "wanted-1",
      ...fields({ "container.image.repository": "docker.io/library/nginx", "container.image.tag": "1.27" }),
    },
    {
      output: "unwanted-version",
      ...fields({ "container.image.repository": "docker.io/library/nginx", "container.image.tag": "1.2" }),
    },
    {
      output: "unwanted-image",
      ...fields({ "container.image.repository": "nginx", "container.image.tag": "1.27" }),
    },
  ],
  "Which alerts are about": [
    { output: "wanted-1", tags: ["container", "mitre_execution"] },
    { output: "wanted-2", tags: ["mitre_persistence"] },
    { output: "unwanted-other", tags: ["mitre_exfiltration"] },
  ],
  "What did users other than root": [
    { output: "wanted-1", ...fields({ "container.id": "host", "user.name": "deploy" }) },
    { output: "unwanted-root", ...fields({ "container.id": "host", "user.name": "root" }) },
    { output: "unwanted-unknown", ...fields({ "container.id": "host", "user.name": "<NA>" }) },
    { output: "unwanted-no-user", ...fields({ "container.id": "host" }) },
    { output: "unwanted-container", ...fields({ "container.id": "4f1d9a0b7c2e", "user.name": "deploy" }) },
  ],
  "What is critical anywhere": [
    { output: "wanted-1", priority: "Critical" },
    { output: "wanted-2", priority: "Warning", ...inPod("prod-eu", "web") },
    { output: "unwanted-less", priority: "Notice", ...inPod("prod-eu", "web") },
    { output: "unwanted-elsewhere", priority: "Error", ...inPod("dev", "web") },
  ],
  "Which shells are in a file": [
    { output: "wanted-1", rule: "Terminal shell in container", time: "2026-10-31T12:00:00Z" },
    { output: "unwanted-another-rule", rule: "Shell", time: "2026-10-31T12:00:00Z" },
    { output: "unwanted-too-late", rule: "Terminal shell in container", time: "2026-11-04T00:00:00Z" },
  ],
  "How does only one team": [
    { output: "wanted-1", priority: "Warning", ...inPod("shop", "web") },
    { output: "unwanted-less", priority: "Notice", ...inPod("shop", "web") },
    { output: "unwanted-elsewhere", priority: "Warning", ...inPod("pay", "web") },
  ],
};

const alertsOf = (question: string) =>
  Object.entries(alertsFor)
    .find(([beginning]) => question.startsWith(beginning))![1]
    .map((alert): AlertInit => ({ rule: "R", priority: "Notice", ...alert }));
const wantedOf = (question: string) =>
  alertsOf(question)
    .map(({ output }) => output!)
    .filter((output) => output.startsWith("wanted"));

let folder: string;
let cwd: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "page-"));
  cwd = process.cwd();
  process.chdir(folder);
});
afterAll(() => {
  process.chdir(cwd);
  rmSync(folder, { recursive: true });
});
afterEach(endRuns);

const isLive = (text: string) => /\bsub\b/.test(text);

async function publishAll(server: FalcoOutputsServer, question: string): Promise<void> {
  for (const alert of alertsOf(question)) await server.publish(alert);
}

describe.each(questions)("$question", ({ question, command }) => {
  it("is answered by the command", async () => {
    await using server = await startServer();
    if (!isLive(command)) await publishAll(server, question);
    const lines = alertsOf(question).map(({ rule, priority, output, time }) =>
      JSON.stringify({ rule, priority, output, time }),
    );
    writeFileSync("falco.jsonl", lines.join("\n"));
    const run = new Run(command.replace(/^falco-outputs /, ""), { FALCO_OUTPUTS_ADDRESS: server.address });
    const printed = () => run.out.match(/\b(?:un)?wanted-[\w-]+/g) ?? [];
    if (isLive(command)) {
      await server.waitForSubscribers(1);
      await publishAll(server, question);
      await expect.poll(() => printed().length).toBe(wantedOf(question).length);
      run.child.kill("SIGINT");
    }
    expect([await run.status, run.err]).toEqual([0, ""]);
    expect(printed()).toEqual(wantedOf(question));
  });
});

const calls = questions.flatMap(({ question, call }) => (call === undefined ? [] : [{ question, call }]));

describe.each(calls)("$question", ({ question, call }) => {
  it("is answered by the call", async () => {
    await using server = await startServer();
    await using falco = createClient({ address: server.address });
    const ask = new Function("falco", `return ${call}`) as (falco: Client) => AlertStream;
    if (!isLive(call)) await publishAll(server, question);
    const outputs: string[] = [];
    const reading = (async () => {
      for await (const { output } of ask(falco))
        if (outputs.push(output) === wantedOf(question).length && isLive(call)) break;
    })();
    if (isLive(call)) {
      await server.waitForSubscribers(1);
      await publishAll(server, question);
    }
    await reading;
    expect(outputs).toEqual(wantedOf(question));
  });
});

it("there are ten, each with alerts of its own", () => {
  expect(questions).toHaveLength(10);
  expect(Object.keys(alertsFor)).toHaveLength(10);
  for (const { command } of questions) expect(command).toMatch(/^falco-outputs (get|sub) [^\n]+$/);
});
