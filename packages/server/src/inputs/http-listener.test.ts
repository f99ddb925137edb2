import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Authority, fixtureLines, writeIdentity } from "@falco-outputs/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { startServer } from "../index.js";
import type { Logger } from "../logger.js";
import { listenHttp } from "./http-listener.js";
import type { InputsOptions } from "./inputs.js";

const [alert = ""] = fixtureLines("alerts.jsonl");
const token = "a-token-of-enough-letters";

function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "http-listener-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function serve(http: NonNullable<InputsOptions["http"]>, logger?: Logger) {
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
        `inputs.http: other machines can reach ${JSON.stringify(address)}: it needs tls with cert, key and ca`,
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

  it("is served over TLS to whoever shows the token", async () => {
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
    expect(server.stats().inputs.http).toEqual({ accepted: 2, rejected: 0 });
  });
});

it("tells who has no token how to show one", async () => {
  const server = await serve({ address: "127.0.0.1:0", token });
  const answer = await fetch(server.httpUrl!, { method: "POST", body: alert });
  expect([answer.status, answer.headers.get("www-authenticate"), await answer.text()]).toEqual([
    401,
    "Bearer",
    "a token is needed\n",
  ]);
});

it.each([
  ["a token that is short", { address: "127.0.0.1:0", token: "short" }, "http.token: expected 16 to 1,024"],
  ["TLS on a unix socket", { address: "/x/y.sock", tls: { cert: "c", key: "k" } }, "where tls has no use"],
  ["no address", { address: "falco.sock" }, 'http: "falco.sock", expected host:port or unix:///path'],
  ["a URL", { address: "http://127.0.0.1:1" }, "expected host:port or unix:///path"],
  ["a URL's end", { address: "127.0.0.1:0/" }, "expected host:port or unix:///path"],
  [
    "no certificate",
    { address: "127.0.0.1:0", tls: { cert: Buffer.from("x"), key: Buffer.from("y") } },
    "no PEM",
  ],
  [
    "no file",
    { address: "127.0.0.1:0", tls: { cert: "/nowhere/c", key: "/k" } },
    'tls.cert: "/nowhere/c" cannot',
  ],
])("refuses %s", async (_, http, reason) => {
  await expect(serve(http)).rejects.toThrow(reason);
});

it("is had on several addresses, which count together; a unix socket has its permissions", async () => {
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

describe("a connection", () => {
  const limits = {
    headersTimeout: 200,
    requestTimeout: 400,
    keepAliveTimeout: 300,
    connectionsCheckingInterval: 50,
  };
  const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

  /** How long a connection lasts over which this comes, in milliseconds; and what was answered. */
  async function lifeOf(...texts: string[]) {
    const listener = await listenHttp(
      { address: "127.0.0.1:0" },
      (request, response) => void request.resume().on("end", () => response.end()),
      silent,
      limits,
    );
    onTestFinished(() => listener.close());
    const socket = connect(Number(new URL(listener.url).port), "127.0.0.1");
    const start = performance.now();
    let answered = "";
    socket.setEncoding("utf8").on("data", (text) => {
      answered += text;
    });
    for (const text of texts) socket.write(text);
    await once(socket, "close");
    return { lastedMs: performance.now() - start, status: /^HTTP\/1.1 (\d+)/.exec(answered)?.[1] };
  }

  it.each([
    ["says nothing", [], "408"],
    ["begins a head and stops", ["POST / HT"], "408"],
    ["begins a body and stops", ["POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc"], "408"],
    ["is idle for long", ["POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n"], "200"],
  ])("that %s is ended", async (_, texts, status) => {
    const life = await lifeOf(...texts);
    expect(life.status).toBe(status);
    expect(life.lastedMs).toBeGreaterThan(150);
    expect(life.lastedMs).toBeLessThan(5_000);
  });

  it("that is quiet or half open does not hold the stop up", async () => {
    const { server: tls } = await withTls();
    const server = await serve([{ address: "127.0.0.1:0", tls }, "127.0.0.1:0"]);
    const sockets = server.httpUrls.map((url) => connect(Number(new URL(url).port), "127.0.0.1"));
    await Promise.all(sockets.map((socket) => once(socket, "connect")));
    sockets[0]!.write(Buffer.from([0x16, 0x03, 0x01]));
    const closed = (socket: Socket) =>
      new Promise((resolve) => socket.on("error", () => undefined).on("close", resolve));
    const ended = Promise.all(sockets.map(closed));
    const start = performance.now();
    await server.stop();
    await ended;
    expect(performance.now() - start).toBeLessThan(3_000);
  });
});
