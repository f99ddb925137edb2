import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Authority, fixtureLines, writeIdentity } from "@falco-outputs/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { type HttpInputOptions, type Logger, startServer } from "../index.js";

const [alert = ""] = fixtureLines("alerts.jsonl");
const token = "a-token-of-enough-letters";

function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "http-listener-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function serve(input: string | HttpInputOptions | (string | HttpInputOptions)[], logger?: Logger) {
  const http = [input].flat();
  const server = await startServer({ listen: [], inputs: { http }, ...(logger && { logger }) });
  onTestFinished(() => server.stop());
  return server;
}

/** What curl, whose library is Falco's, gets as the status; 000 without an answer. */
async function curl(...args: string[]): Promise<string> {
  const post = ["-sS", "-m", "10", "-o", "/dev/null", "-w", "%{http_code}", "--data-binary", alert];
  const run = promisify(execFile)("curl", [...post, ...args]);
  return (await run.catch((error: { stdout: string }) => error)).stdout;
}

/** An authority, an address with its certificate, and what curl needs to reach it. */
async function withTls() {
  const folder = scratchFolder();
  const [authority, other] = [await Authority.create(), await Authority.create()];
  const issue = async (name: string, by: Authority) =>
    writeIdentity(join(folder, name), "client", by.ca, await by.issue());
  const server = writeIdentity(join(folder, "own"), "server", authority.ca, await authority.issue());
  const certificate = ({ cert, key }: { cert: string; key: string }) => ["--cert", cert, "--key", key];
  return {
    server,
    trust: ["--cacert", server.ca],
    client: certificate(await issue("client", authority)),
    stranger: certificate(await issue("stranger", other)),
  };
}

const local = (url: string) => url.replace("0.0.0.0", "localhost");

describe("an address that others can reach", () => {
  it.each([
    ["nothing else", {}],
    ["a token without TLS", { token }],
    ["TLS without authorities or a token", { tls: { cert: "/c", key: "/k" } }],
  ])("is refused with %s", async (_, options) => {
    for (const address of ["0.0.0.0:0", "[::]:0"]) {
      await expect(serve({ address, ...options })).rejects.toThrow(
        `inputs.http[0].address: ${JSON.stringify(address)}, expected a loopback address, or tls.cert and tls.key with it, and tls.ca (mutual TLS) or token; or insecure: true`,
      );
    }
  });

  it("is served as it is when it is told that this is insecure", async () => {
    const server = await serve({ address: "0.0.0.0:0", insecure: true });
    expect(await curl(local(server.httpUrl!))).toBe("200");
  });

  it("is served over mutual TLS, to clients of its authorities alone", async () => {
    const { server: tls, trust, client, stranger } = await withTls();
    const refused: object[] = [];
    const logger = {
      info: () => undefined,
      warn: (fields: object) => refused.push(fields),
      error: () => undefined,
    };
    const server = await serve({ address: "0.0.0.0:0", tls }, logger);
    const url = local(server.httpUrl!);
    expect(url).toMatch(/^https:/);
    expect(await curl(...trust, ...client, url)).toBe("200");
    expect(await curl(...trust, ...client, "--tls-max", "1.2", url)).toBe("200");
    expect(await curl(...trust, ...client, "--tls-max", "1.1", "--tlsv1.1", url)).toBe("000");
    expect(await curl(...trust, url)).toBe("000");
    expect(await curl(...trust, ...stranger, url)).toBe("000");
    expect(await curl(url.replace("https", "http"))).toBe("000");
    expect(server.stats().inputs.http).toEqual({ accepted: 2, rejected: 0 });
    expect(refused.length).toBeGreaterThanOrEqual(3);
  });

  it("is served over TLS to clients that show the token", async () => {
    const { server: tls, trust, client } = await withTls();
    const server = await serve({ address: "0.0.0.0:0", tls: { cert: tls.cert, key: tls.key }, token });
    const url = local(server.httpUrl!);
    const bearer = (text: string) => ["-H", `Authorization: ${text}`];
    expect(await curl(...trust, ...bearer(`Bearer ${token}`), url)).toBe("200");
    expect(await curl(...trust, ...bearer(`bearer  ${token}`), url)).toBe("200");
    for (const wrong of [`Bearer ${token}x`, `Bearer ${token.slice(1)}`, "Bearer", `Basic ${token}`, token]) {
      expect(await curl(...trust, ...bearer(wrong), url)).toBe("401");
    }
    expect(await curl(...trust, ...client, url)).toBe("401");
    expect(server.stats().inputs.http).toEqual({ accepted: 2, rejected: 0, refused: 6 });
  });
});

it("tells who has no token how to show one", async () => {
  const server = await serve({ address: "127.0.0.1:0", token });
  const answer = await fetch(server.httpUrl!, { method: "POST", body: alert });
  expect([answer.status, answer.headers.get("www-authenticate"), await answer.text()]).toEqual([
    401,
    'Bearer, Basic realm="falco-outputs"',
    "a token is needed\n",
  ]);
});

it.each([
  [
    "a token that is short",
    { address: "127.0.0.1:0", token: "short" },
    "http[0].token: expected 16 to 1,024",
  ],
  [
    "TLS on a unix socket",
    { address: "/x/y.sock", tls: { cert: "c", key: "k" } },
    "http[0].tls: an object, expected nothing, since address is a unix socket",
  ],
  [
    "what is not an address",
    { address: "falco.sock" },
    'http[0].address: "falco.sock", expected host:port or unix:///path',
  ],
  ["a URL", { address: "http://127.0.0.1:1" }, "expected host:port or unix:///path"],
  ["a URL's end", { address: "127.0.0.1:0/" }, "expected host:port or unix:///path"],
  [
    "what is not a certificate",
    { address: "127.0.0.1:0", tls: { cert: Buffer.from("x"), key: Buffer.from("y") } },
    "http[0].tls: expected tls.ca, tls.cert and tls.key in PEM, and the key that of the certificate",
  ],
  [
    "a file that is not there",
    { address: "127.0.0.1:0", tls: { cert: "/nowhere/c", key: "/k" } },
    'http[0].tls.cert: "/nowhere/c", expected PEM, or the path of a file that can be read (ENOENT',
  ],
  ["a mode that is none", { address: "/x/y.sock", mode: 0o1777 }, "http[0].mode: 1023, expected permissions"],
])("refuses %s", async (_, http, reason) => {
  await expect(serve(http)).rejects.toThrow(reason);
});

it.each([
  ["127.0.0.1:0", 'inputs.http: "127.0.0.1:0", expected a list of addresses'],
  [{ address: "127.0.0.1:0" }, "inputs.http: an object, expected a list of addresses"],
  [[7], "inputs.http[0]: 7, expected an address, or an object with an address"],
  [["127.0.0.1:0", {}], "inputs.http[1]: an object, expected an address"],
])("refuses %j, which is not a list of listeners", async (http, reason) => {
  await expect(startServer({ listen: [], inputs: { http: http as string[] } })).rejects.toThrow(reason);
});

it("is served on several addresses, which count together; a unix socket has its permissions", async () => {
  const path = join(scratchFolder(), "input.sock");
  const server = await serve([
    { address: `unix://${path}`, mode: 0o660, group: process.getgid!() },
    "127.0.0.1:0",
    "127.0.0.1:0",
  ]);
  expect(statSync(path).mode & 0o777).toBe(0o660);
  const [socket, ...urls] = server.httpUrls;
  expect(socket).toBe(`unix://${path}`);
  expect(server.httpUrl).toBe(urls[0]);
  expect(await curl("--unix-socket", path, "http://localhost/")).toBe("200");
  for (const url of urls) expect(await curl(url)).toBe("200");
  expect(server.stats().inputs.http).toEqual({ accepted: 3, rejected: 0 });
  await server.stop();
  expect(existsSync(path)).toBe(false);
});

it("takes what curl posts compressed", async () => {
  const server = await serve("127.0.0.1:0");
  const shell = `printf %s "$1" | gzip | curl -sS -o /dev/null -w "%{http_code}" --data-binary @- -H "Content-Encoding: gzip" "$2"`;
  const { stdout } = await promisify(execFile)("sh", ["-c", shell, "sh", alert, server.httpUrl!]);
  expect(stdout).toBe("200");
  expect(server.stats().inputs.http).toEqual({ accepted: 1, rejected: 0 });
});
