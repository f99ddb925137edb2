import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Alert, createClient } from "@falco-outputs/node";
import { fixtureLines } from "@falco-outputs/testing";
import { afterEach, beforeEach, expect, it, onTestFinished } from "vitest";
import { endRuns, falcoOutputs } from "../testing/run.js";

// Both ways of docs/falcosidekick.md.

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "falcosidekick-"));
});
afterEach(() => {
  endRuns();
  rmSync(folder, { recursive: true });
});

const lines = fixtureLines("alerts.jsonl");

async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function serve(yaml: string) {
  const config = join(folder, "falco-outputs.yaml");
  const address = join(folder, "falco.sock");
  writeFileSync(config, `json_output: true\ngrpc: { enabled: true, bind_address: ${address} }\n${yaml}`);
  const run = falcoOutputs("serve", "-c", config);
  const { http } = (await run.logged("ready")) as { http: [string] };
  const falco = createClient({ address });
  onTestFinished(() => falco.close());
  return { url: http[0], falco };
}

/** As falcosidekick takes them: JSON by POST, each with what it cannot do without. */
async function startFalcosidekick() {
  const taken: string[] = [];
  const server = createServer((request, response) => {
    if (request.method !== "POST") return response.writeHead(405).end("Please send with post http method\n");
    let body = "";
    request.setEncoding("utf8").on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      const payload = JSON.parse(body);
      const isWhole = payload.rule && payload.priority && !Number.isNaN(Date.parse(payload.time));
      if (!isWhole) return response.writeHead(400).end("Please send a valid request body\n");
      taken.push(body);
      response.end();
    });
  });
  return { taken, port: await listening(server) };
}

it("Falco, this server, falcosidekick: each alert arrives byte for byte, and subscribers have it too", async () => {
  const sidekick = await startFalcosidekick();
  const { url, falco } = await serve(`
inputs: { http: { bind_address: "127.0.0.1:0" } }
http_output: { enabled: true, url: "http://127.0.0.1:${sidekick.port}/", keep_alive: true }
`);
  const whole = lines.filter((line) => "time" in JSON.parse(line));
  for (const line of whole) {
    const headers = { "content-type": "application/json", "user-agent": "falcosecurity/falco" };
    expect((await fetch(url, { method: "POST", headers, body: line })).status).toBe(200);
  }
  await expect.poll(() => sidekick.taken).toEqual(whole);
  const alerts = await falco.get({ broadcast: true }).take(whole.length);
  expect(await rulesOf(alerts)).toEqual(whole.map((line) => JSON.parse(line).rule));
});

/** What falcosidekick's webhook makes of an alert: its own order of keys, a UUID, and an output in any case. */
function webhookBody(line: string, number: number): string {
  const { output = "", priority, rule, time, output_fields, source, tags, hostname } = JSON.parse(line);
  const uuid = `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
  return JSON.stringify({ uuid, output, priority, rule, time, output_fields, source, tags, hostname });
}

it.each(["POST", "PUT"])(
  "Falco, falcosidekick, this server: by its webhook's %s, with a token",
  async (method) => {
    const token = "a-token-of-enough-letters";
    const { url, falco } = await serve(`
inputs: { http: { bind_address: "127.0.0.1:0", tokens: [{ name: falcosidekick, token: ${token} }] } }
`);
    const post = (body: string, authorization?: string) =>
      fetch(url, {
        method,
        headers: {
          "content-type": "application/json; charset=utf-8",
          "user-agent": "Falcosidekick",
          ...(authorization && { authorization }),
        },
        body,
      });
    expect((await post(webhookBody(lines[0]!, 0))).status).toBe(401);
    for (const [number, line] of lines.entries()) {
      expect((await post(webhookBody(line, number), `Bearer ${token}`)).status).toBe(200);
    }
    const alerts = await falco.get({ broadcast: true }).take(lines.length);
    expect(await rulesOf(alerts)).toEqual(lines.map((line) => JSON.parse(line).rule));
  },
);

async function rulesOf(alerts: AsyncIterable<Alert> | Iterable<Alert>): Promise<string[]> {
  const rules: string[] = [];
  for await (const { rule } of alerts) rules.push(rule);
  return rules;
}
