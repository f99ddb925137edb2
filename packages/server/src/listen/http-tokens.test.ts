import { execFile } from "node:child_process";
import { Agent, request } from "node:http";
import { promisify } from "node:util";
import { fixtureLines } from "@falco-outputs/testing";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { type FalcoOutputsServer, type NamedToken, startServer } from "../index.js";

const [alert = ""] = fixtureLines("alerts.jsonl");
const token = "a-token/of:enough@letters";
const other = "another-token-of-enough-letters";

let server: FalcoOutputsServer;
let logged: string[];
beforeEach(() => {
  logged = [];
});

async function serve(tokens: string | NamedToken[]): Promise<URL> {
  const log = (...args: unknown[]) => void logged.push(JSON.stringify(args));
  const logger = { debug: log, info: log, warn: log, error: log };
  const http = [{ address: "127.0.0.1:0", token: tokens }];
  server = await startServer({ listen: [], inputs: { http }, logger });
  onTestFinished(() => server.stop());
  return new URL(server.httpUrl!);
}

/** The statuses that curl, whose library is Falco's, gets for some posts over one connection. */
async function curl(url: string, args: string[], times = 1): Promise<string[]> {
  const post = ["-sS", "-m", "10", "-o", "/dev/null", "-w", "%{http_code} ", "--data-binary", alert, ...args];
  const all = Array.from({ length: times }, (_, index) => [...(index > 0 ? ["--next"] : []), ...post, url]);
  const { stdout } = await promisify(execFile)("curl", all.flat());
  return stdout.trim().split(" ");
}

/** The ways in which curl shows a token. */
const ways: [string, (url: URL, token: string) => [url: string, args: string[]]][] = [
  ["as a bearer token", (url, token) => [url.href, ["-H", `Authorization: Bearer ${token}`]]],
  [
    "as the password in the URL",
    ({ host }, token) => [`http://falco:${encodeURIComponent(token)}@${host}/`, []],
  ],
  ["as the last part of the path", ({ href }, token) => [`${href}${encodeURIComponent(token)}`, []]],
  [
    "below other parts, before a query",
    ({ href }, token) => [`${href}falco/${encodeURIComponent(token)}?x=/y`, []],
  ],
];

describe.each(ways)("a token that curl shows %s", (_, show) => {
  it("is taken, and counted under its name", async () => {
    const url = await serve([
      { name: "node-1", token },
      { name: "node-2", token: other },
    ]);
    expect(await curl(...show(url, token), 3)).toEqual(["200", "200", "200"]);
    expect(await curl(...show(url, other))).toEqual(["200"]);
    expect(server.stats().inputs).toMatchObject({
      "http:node-1": { accepted: 3, rejected: 0 },
      "http:node-2": { accepted: 1, rejected: 0 },
      http: { accepted: 0, rejected: 0 },
    });
  });

  it("is refused if it is wrong, and the refusal is counted", async () => {
    const url = await serve(token);
    for (const wrong of [`${token}x`, token.slice(1), token.slice(0, -1), token.toUpperCase()]) {
      expect(await curl(...show(url, wrong), 2)).toEqual(["401", "401"]);
    }
    expect(server.stats().inputs.http).toEqual({ accepted: 0, rejected: 0, refused: 8 });
  });

  it("is never logged, right or wrong", async () => {
    const url = await serve(token);
    await curl(...show(url, token), 2);
    await curl(...show(url, other));
    await server.stop();
    expect(logged.join("\n")).toContain("the token is not this server's");
    for (const secret of [
      token,
      other,
      encodeURIComponent(token),
      Buffer.from(`falco:${token}`).toString("base64"),
    ]) {
      expect(logged.join("\n") + JSON.stringify(server.stats())).not.toContain(secret);
    }
  });
});

it("is asked for again when another head comes over the same connection", async () => {
  const url = await serve([
    { name: "node-1", token },
    { name: "node-2", token: other },
  ]);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  const post = (authorization?: string) =>
    new Promise<number>((resolve, reject) => {
      const headers = { "content-length": alert.length, ...(authorization && { authorization }) };
      request(url, { method: "POST", agent, headers }, (response) => {
        response.resume().on("end", () => resolve(response.statusCode!));
      })
        .on("error", reject)
        .end(alert);
    });
  const statuses: number[] = [];
  for (const shown of [token, other, token, `${token.slice(0, -1)}x`])
    statuses.push(await post(`Bearer ${shown}`));
  statuses.push(await post(), await post(`Bearer ${other}`));
  expect(statuses).toEqual([200, 200, 200, 401, 401, 200]);
  expect(server.stats().inputs).toMatchObject({
    "http:node-1": { accepted: 2 },
    "http:node-2": { accepted: 2 },
    http: { refused: 2 },
  });
});

it.each<[string, unknown, string]>([
  ["no tokens", [], "inputs.http[0].token: expected a token, or a list of 1 to 1000 with names"],
  [
    "a token that is short",
    [{ name: "a", token: "short" }],
    "inputs.http[0].token[0].token: expected 16 to 1,024 visible ASCII characters",
  ],
  [
    "a name with a space",
    [{ name: "a b", token }],
    'inputs.http[0].token[0].name: "a b", expected 1 to 64 letters, digits, dots, _ and -',
  ],
  [
    "one name for two",
    [
      { name: "a", token },
      { name: "a", token: other },
    ],
    'inputs.http[0].token[1].name: "a", expected each name only once',
  ],
])("refuses %s", async (_, tokens, message) => {
  await expect(serve(tokens as NamedToken[])).rejects.toThrow(message);
});
