import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, request, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Authority } from "@falco-outputs/testing";
import { afterEach, beforeEach, expect, it, onTestFinished } from "vitest";
import { endRuns, Run } from "../testing/run.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "proxy-"));
});
afterEach(() => {
  endRuns();
  rmSync(folder, { recursive: true });
});

async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A receiver that says what it got; the names that it has exist only for the proxy. */
async function startReceiver(tls?: { cert: string; key: string }) {
  const bodies: string[] = [];
  const onRequest = (message: IncomingMessage, response: NodeJS.WritableStream) => {
    let body = "";
    message.on("data", (chunk) => {
      body += chunk;
    });
    message.on("end", () => {
      bodies.push(body);
      response.end("thank you\n");
    });
  };
  const server = tls === undefined ? createServer(onRequest) : createTlsServer(tls, onRequest);
  return { bodies, port: await listening(server) };
}

/** A proxy that asks for a password, and to which every name is this machine. */
async function startProxy() {
  const asked: string[] = [];
  const isKnown = ({ headers }: IncomingMessage) =>
    headers["proxy-authorization"] === `Basic ${Buffer.from("me:secret").toString("base64")}`;
  const proxy = createServer((message, response) => {
    asked.push(`${message.method} ${message.url}`);
    if (!isKnown(message)) return response.writeHead(407).end();
    const { port, pathname } = new URL(message.url!);
    const { method, headers } = message;
    const forwarded = request({ host: "127.0.0.1", port, path: pathname, method, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    message.pipe(forwarded);
  });
  proxy.on("connect", (message, socket) => {
    asked.push(`CONNECT ${message.url}`);
    if (!isKnown(message)) return socket.end("HTTP/1.1 407 Who are you\r\n\r\n");
    const target = connect(Number(message.url!.split(":")[1]), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      target.pipe(socket).pipe(target);
    });
    for (const end of [target, socket]) end.on("error", () => undefined);
  });
  return { asked, port: await listening(proxy) };
}

/** Starts the command with some outputs, and posts one alert to it. */
async function serve(outputs: string, env: NodeJS.ProcessEnv): Promise<Run> {
  const config = join(folder, "falco-outputs.yaml");
  writeFileSync(
    config,
    `json_output: true\ngrpc: { enabled: false }\ninputs: { http: { bind_address: "127.0.0.1:0" } }\n${outputs}`,
  );
  const run = new Run(["serve", "-c", config], env);
  const { http } = (await run.logged("ready")) as { http: [string] };
  const answer = await fetch(http[0], { method: "POST", body: '{"rule":"r","priority":"Notice"}' });
  expect(answer.status).toBe(200);
  return run;
}

it("posts through the proxies that the environment names, and past them where it says so", async () => {
  const authority = await Authority.create();
  const ca = join(folder, "ca.crt");
  writeFileSync(ca, authority.ca);
  const plain = await startReceiver();
  const direct = await startReceiver();
  const secure = await startReceiver(await authority.issue({ names: ["receiver.example"] }));
  const proxy = await startProxy();
  const url = `http://me:secret@127.0.0.1:${proxy.port}`;
  const run = await serve(
    `
http_output:
  - { enabled: true, name: plain, url: "http://receiver.example:${plain.port}/a", echo: true }
  - { enabled: true, name: secure, url: "https://receiver.example:${secure.port}/b", ca_cert: ${ca}, keep_alive: true }
  - { enabled: true, name: direct, url: "http://localhost:${direct.port}/c" }
`,
    { HTTP_PROXY: url, HTTPS_PROXY: url, NO_PROXY: "localhost" },
  );
  for (const { bodies } of [plain, secure, direct]) {
    await expect.poll(() => bodies).toEqual(['{"rule":"r","priority":"Notice"}']);
  }
  expect(proxy.asked.sort()).toEqual([
    `CONNECT receiver.example:${secure.port}`,
    `POST http://receiver.example:${plain.port}/a`,
  ]);
  expect(await run.logged("a receiver answered")).toMatchObject({
    receiver: `receiver.example:${plain.port}`,
    status: 200,
    answer: "thank you",
  });
  expect(run.err).not.toContain("secret");
});

it("tells what the proxy answers", async () => {
  const proxy = await startProxy();
  const run = await serve(`http_output: { enabled: true, url: "https://receiver.example/" }`, {
    HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`,
    NO_PROXY: "",
  });
  expect(await run.logged("an output failed to write alerts")).toMatchObject({
    reason: "receiver.example answered 407",
  });
});

it("refuses a variable that names no proxy that can be used", async () => {
  const config = join(folder, "falco-outputs.yaml");
  writeFileSync(config, `http_output: { enabled: true, url: "https://receiver.example/" }`);
  const run = new Run(["serve", "-c", config], { HTTPS_PROXY: "socks5://me:secret@proxy.example" });
  expect(await run.status).toBe(2);
  expect(run.err).toContain(
    `${config}:1: http_output.url: the variable HTTPS_PROXY names no proxy that can be used, expected http://host:port`,
  );
  expect(run.err).not.toContain("secret");
});
