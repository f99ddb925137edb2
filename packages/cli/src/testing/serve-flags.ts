import { statSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { ran } from "./in-process.js";
import { falcoOutputs, Run } from "./run.js";

/** @param folder With a server's and a client's certificates, and room for sockets. */
type Check = (folder: string) => Promise<void>;

/** Starts a server; where it listens and takes posts, unless the flags say otherwise. */
async function serveIn(folder: string, ...flags: readonly string[]) {
  const address = join(folder, `${Math.random()}.sock`);
  const listen = flags.includes("--listen") || flags.includes("--config") ? [] : ["--listen", address];
  const isFed = flags.some((flag) => ["--http", "--stdin", "--config"].includes(flag));
  const run = falcoOutputs("serve", ...listen, ...(isFed ? [] : ["--http", "127.0.0.1:0"]), ...flags);
  const ready = (await run.logged("ready")) as { listen: string[]; http: string[]; web: string[] };
  return { run, address, ready };
}

const tlsFlags = (folder: string, name: "server" | "client") =>
  ["--ca", "ca.crt", "--cert", `${name}.crt`, "--key", `${name}.key`].map((word) =>
    word.startsWith("--") ? word : join(folder, word),
  );
const post = (url: string, body: string) => fetch(url, { method: "POST", body });
const overTls: Check = async (folder) => {
  const { ready } = await serveIn(folder, "--listen", "127.0.0.1:0", ...tlsFlags(folder, "server"));
  const ended = await ran("get", "-a", ready.listen[0]!, ...tlsFlags(folder, "client"));
  expect(ended).toMatchObject({ status: 0, err: "" });
};
const webOf = async (folder: string, ...flags: string[]) =>
  (await serveIn(folder, "--web", "127.0.0.1:0", ...flags)).ready.web[0]!;
const asksWeb = (url: string, headers: Record<string, string> = {}) =>
  fetch(new URL("falco.version.service/version", url), {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: "{}",
  });
const overWebTls: Check = async (folder) =>
  expect(
    await webOf(folder, "--web-cert", join(folder, "server.crt"), "--web-key", join(folder, "server.key")),
  ).toMatch(/^https:/);

/** What each flag of `serve` is for: a part of the table of all flags. */
export const serveFlags: Readonly<Record<string, Check>> = {
  "--config": async (folder) => {
    const config = join(folder, "config.yaml");
    writeFileSync(
      config,
      `grpc: { bind_address: "unix://${folder}/c.sock" }\ninputs: { http: { bind_address: "127.0.0.1:0" } }`,
    );
    expect((await serveIn(folder, "--config", config)).ready.listen).toEqual([`unix://${folder}/c.sock`]);
  },
  "--print-config": async (folder) => {
    const config = join(folder, "printed.yaml");
    writeFileSync(config, "output_timeout: 500");
    expect(await ran("serve", "--config", config, "--print-config")).toMatchObject({
      status: 0,
      out: expect.stringContaining("output_timeout: 500\n"),
    });
  },
  "--listen": async (folder) => {
    const { ready } = await serveIn(
      folder,
      "--listen",
      join(folder, "1.sock"),
      "--listen",
      join(folder, "2.sock"),
    );
    expect(ready.listen).toEqual([`unix://${folder}/1.sock`, `unix://${folder}/2.sock`]);
  },
  "--http": async (folder) => {
    const { ready } = await serveIn(folder, "--http", "127.0.0.1:0");
    expect((await post(ready.http[0]!, JSON.stringify({ rule: "r", priority: "Notice" }))).status).toBe(200);
  },
  "--stdin": async (folder) => {
    const { run, address } = await serveIn(folder, "--stdin");
    run.child.stdin.write(`${JSON.stringify({ rule: "r", priority: "Notice", output: "o" })}\n`);
    const get = new Run(["get", "-a", address, "-f", "-n", "1", "-o", "json"]);
    expect([await get.status, get.outputs]).toEqual([0, ["o"]]);
  },
  "--cert": overTls,
  "--key": overTls,
  "--ca": overTls,
  "--insecure-tcp": async (folder) => {
    const { ready } = await serveIn(folder, "--listen", "127.0.0.1:0", "--insecure-tcp");
    expect((await ran("get", "-a", ready.listen[0]!, "--insecure-tcp")).status).toBe(0);
  },
  "--capacity": async (folder) => {
    const { ready, address } = await serveIn(folder, "--capacity", "1");
    for (const output of ["a", "b"])
      await post(ready.http[0]!, JSON.stringify({ rule: "r", priority: "Notice", output }));
    const { out } = await ran("get", "-a", address, "-o", "json");
    expect(JSON.parse(out).output).toBe("b");
  },
  "--socket-mode": async (folder) => {
    const { address } = await serveIn(folder, "--socket-mode", "0666");
    expect(statSync(address).mode & 0o777).toBe(0o666);
  },
  "--socket-group": async (folder) => {
    const { address } = await serveIn(folder, "--socket-group", `${process.getgid!()}`);
    expect(statSync(address).gid).toBe(process.getgid!());
  },
  "--falco-version": async (folder) => {
    const { address } = await serveIn(folder, "--falco-version", "0.43.0");
    expect((await ran("version", "-a", address)).out).toBe("0.43.0\n");
  },
  "--log-dir": async (folder) => {
    const directory = join(folder, "log");
    const first = await serveIn(folder, "--log-dir", directory);
    await post(first.ready.http[0]!, `{"rule": "kept", "priority": "Notice"}`);
    first.run.child.kill("SIGKILL");
    await first.run.status;
    const { address } = await serveIn(folder, "--log-dir", directory);
    expect((await ran("get", "-a", address)).out).toContain("kept");
  },
  "--falco-url": async (folder) => {
    const falco = createHttpServer((_, response) => response.end('{"falco_version": "0.42.1"}')).listen(
      0,
      "127.0.0.1",
    );
    onTestFinished(() => void falco.close());
    await expect.poll(() => falco.address()).not.toBeNull();
    const { address } = await serveIn(
      folder,
      "--falco-url",
      `http://127.0.0.1:${(falco.address() as AddressInfo).port}`,
    );
    expect((await ran("version", "-a", address)).out).toBe("0.42.1\n");
  },
  "--web": async (folder) =>
    expect((await asksWeb(await webOf(folder, "--falco-version", "0.44.1"))).status).toBe(200),
  "--web-token": async (folder) => {
    const token = join(folder, "token");
    writeFileSync(token, "a-token-of-16-characters");
    const url = await webOf(folder, "--web-token", token, "--falco-version", "0.44.1");
    expect((await asksWeb(url)).status).toBe(401);
    expect((await asksWeb(url, { authorization: "Bearer a-token-of-16-characters" })).status).toBe(200);
  },
  "--web-origin": async (folder) => {
    const url = await webOf(folder, "--web-origin", "http://localhost:8080", "--falco-version", "0.44.1");
    expect((await asksWeb(url, { origin: "http://localhost:8080" })).status).toBe(200);
    expect((await asksWeb(url, { origin: "http://localhost:8081" })).status).toBe(403);
  },
  "--web-cert": overWebTls,
  "--web-key": overWebTls,
};
