import { once } from "node:events";
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, statSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { Authority, fixtureLines, writeIdentity } from "@falco-outputs/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ran } from "../testing/in-process.js";
import { endRuns, falcoOutputs, falcoOutputsFrom, Run } from "../testing/run.js";
import { UnreadPipe } from "../testing/unread-pipe.js";

const alerts = fixtureLines("alerts.jsonl");

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cli-"));
});
afterEach(() => {
  endRuns();
  rmSync(folder, { recursive: true });
});

/** @param urls As the line that is logged has them. */
async function post(urls: unknown, body: string): Promise<number> {
  const [url] = urls as string[];
  const sent = request(url!, { method: "POST" }).end(body);
  const [response] = await once(sent, "response");
  return response.resume().statusCode;
}

describe("falco-outputs serve", () => {
  it("logs one line when it is ready, serves, and lets go of everything on SIGTERM", async () => {
    const address = join(folder, "falco.sock");
    const serve = falcoOutputs("serve", "--listen", address, "--http", "127.0.0.1:0", "--socket-mode", "660");
    const ready = await serve.logged("ready");
    expect(ready).toMatchObject({ level: "info", listen: [`unix://${address}`] });
    expect(serve.err.trimEnd().split("\n")).toHaveLength(1);
    expect(statSync(address).mode & 0o777).toBe(0o660);
    expect(await post(ready.http, alerts[0]!)).toBe(200);
    expect((await ran("get", "--shared", "-a", address)).out).toContain("Terminal shell in container");
    await ran("get", "--group", "pager", "-a", address);
    serve.child.kill("SIGTERM");
    expect(await serve.status).toBe(0);
    expect(serve.out).toBe("");
    expect(existsSync(address)).toBe(false);
    expect(await serve.logged("stopped")).toMatchObject({
      appended: 1,
      shared: { delivered: 1, waiting: 0 },
      groups: { count: 1, delivered: 0, lost: 0, waiting: 0 },
      broadcast: { members: 0 },
    });
  });

  it("takes alerts on several addresses, also from forward on a unix socket", async () => {
    const [address, input] = [join(folder, "falco.sock"), join(folder, "falco-input.sock")];
    const http = ["--http", input, "--http", "127.0.0.1:0", "--socket-mode", "660"];
    const serve = falcoOutputs("serve", "--listen", address, ...http);
    const ready = await serve.logged("ready");
    expect(ready.http).toEqual([`unix://${input}`, expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/$/)]);
    expect(statSync(input).mode & 0o777).toBe(0o660);
    const forward = falcoOutputs("forward", "-a", input);
    forward.child.stdin.end(alerts[0]);
    expect([await forward.status, forward.err]).toEqual([0, ""]);
    expect((await ran("get", "-a", address)).out).toContain("Terminal shell in container");
    serve.child.kill("SIGTERM");
    expect(await serve.status).toBe(0);
    expect(existsSync(input)).toBe(false);
  });

  it("takes alerts from other machines over mutual TLS, or not at all", async () => {
    const authority = await Authority.create();
    const files = writeIdentity(join(folder, "server"), "server", authority.ca, await authority.issue());
    const listen = ["--listen", join(folder, "falco.sock"), "--http", "0.0.0.0:0"];
    const refused = await ran("serve", ...listen);
    expect(refused).toMatchObject({
      status: 2,
      err: "falco-outputs: --http 0.0.0.0:0 needs --cert, --key and --ca (mutual TLS), or --insecure-tcp, because other machines can reach it\n",
    });
    const tls = ["--ca", files.ca, "--cert", files.cert, "--key", files.key];
    const serve = falcoOutputs("serve", ...listen, ...tls);
    expect((await serve.logged("ready")).http).toEqual([expect.stringMatching(/^https:/)]);
  });

  it("serves browsers, those of the origins that it is given", async () => {
    const address = join(folder, "falco.sock");
    const web = ["--web", "127.0.0.1:0", "--web", "127.0.0.1:0", "--web-origin", "http://localhost:8080"];
    const inputs = ["--http", "127.0.0.1:0", "--falco-version", "0.44.1"];
    const serve = falcoOutputs("serve", "--listen", address, ...inputs, ...web);
    const ready = await serve.logged("ready");
    const [first = "", second = ""] = ready.web as string[];
    const ask = (origin: string, url = first) =>
      fetch(new URL("falco.version.service/version", url), {
        method: "POST",
        headers: { "content-type": "application/json", origin },
        body: "{}",
      });
    const answer = await ask("http://localhost:8080");
    expect(await answer.json()).toMatchObject({ version: "0.44.1" });
    expect((await ask("https://evil.example")).status).toBe(403);
    expect((await ask("http://localhost:8080", second)).status).toBe(200);
    serve.child.kill("SIGTERM");
    expect(await serve.status).toBe(0);
  });

  it("takes alerts from standard input, and ends with it once they are taken", async () => {
    const address = join(folder, "falco.sock");
    const serve = falcoOutputs("serve", "--listen", address, "--stdin");
    expect(await serve.logged("ready")).not.toHaveProperty("http");
    const sub = falcoOutputs("sub", "--shared", "-a", address, "-o", "json", "-n", `${alerts.length}`);
    serve.child.stdin.end(`${alerts.join("\n")}\nEvents detected: 13\n`);
    expect(await sub.status).toBe(0);
    expect(sub.lines).toHaveLength(alerts.length);
    expect(await serve.status).toBe(0);
    expect(await serve.logged("rejected what is not an alert")).toMatchObject({
      input: "lines",
      rejected: 1,
    });
  });

  it("waits at its end for every group, too", async () => {
    const address = join(folder, "falco.sock");
    const serve = falcoOutputs("serve", "--listen", address, "--stdin");
    await serve.logged("ready");
    expect((await ran("get", "--group", "pager", "-a", address)).status).toBe(0);
    expect((await ran("get", "--shared", "-a", address)).status).toBe(0);
    serve.child.stdin.end(`${alerts.join("\n")}\n`);
    await serve.logged("standard input has ended");
    const count = ["-n", `${alerts.length}`];
    const shared = falcoOutputs("sub", "--shared", "-a", address, ...count);
    const grouped = falcoOutputs("sub", "--group", "pager", "--acknowledge", "-a", address, ...count);
    expect([await shared.status, await grouped.status]).toEqual([0, 0]);
    expect(await serve.status).toBe(0);
    expect(await serve.logged("stopped")).toMatchObject({
      shared: { delivered: alerts.length, waiting: 0 },
      groups: { count: 1, delivered: alerts.length, waiting: 0 },
    });
  });

  it("continues when standard input ends but the http input is there as well", async () => {
    const address = join(folder, "falco.sock");
    const serve = falcoOutputs("serve", "--listen", address, "--stdin", "--http", "127.0.0.1:0");
    const { http } = await serve.logged("ready");
    serve.child.stdin.end();
    await serve.logged("standard input has ended");
    expect(await post(http, alerts[0]!)).toBe(200);
    serve.child.kill("SIGINT");
    expect(await serve.status).toBe(0);
  });

  it("stops well while standard input is still open, beside another input or alone", async () => {
    for (const others of [["--http", "127.0.0.1:0"], []]) {
      const serve = falcoOutputs("serve", "--listen", join(folder, "falco.sock"), "--stdin", ...others);
      await serve.logged("ready");
      serve.child.stdin.write(`${alerts[0]}\n{"rule":`);
      expect((await ran("get", "--shared", "-n", "1", "-f", "-a", join(folder, "falco.sock"))).status).toBe(
        0,
      );
      serve.child.kill("SIGTERM");
      expect(await serve.status).toBe(0);
      const messages = serve.err
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).msg);
      expect(messages).toEqual(["ready", expect.stringMatching(/^stopping: /), "stopped"]);
    }
  });

  it("continues when standard input cannot be read but the http input is there as well", async () => {
    const address = ["--listen", join(folder, "falco.sock")];
    const unreadable = openSync(join(folder, "file"), "w");
    const serve = falcoOutputsFrom(unreadable, "serve", ...address, "--stdin", "--http", "127.0.0.1:0");
    const alone = falcoOutputsFrom(unreadable, "serve", "--listen", join(folder, "alone.sock"), "--stdin");
    closeSync(unreadable);
    const { http } = await serve.logged("ready");
    expect(await serve.logged("standard input cannot be read")).toMatchObject({ level: "error" });
    expect(await post(http, alerts[0]!)).toBe(200);
    serve.child.kill("SIGTERM");
    expect(await serve.status).toBe(0);
    expect(await alone.status).toBe(1);
    expect(alone.err).toContain("EBADF");
  });

  it("retains as many alerts as --capacity says, and logs what it dropped", async () => {
    const address = join(folder, "falco.sock");
    const args = ["--listen", address, "--http", "127.0.0.1:0", "--capacity", "3"];
    const serve = falcoOutputs("serve", ...args);
    const { http } = await serve.logged("ready");
    expect(await post(http, alerts.join("\n"))).toBe(200);
    expect((await ran("get", "-a", address)).out.trimEnd().split("\n")).toHaveLength(3);
    expect(
      await serve.logged("the log is full: the oldest alerts were dropped before they were delivered"),
    ).toMatchObject({ level: "warn", lost: alerts.length - 3 });
  });

  it("continues when nobody reads what it logs, and what it logs at its end is there to be read", async () => {
    const [address, input, log] = ["falco.sock", "in.sock", "log"].map((name) => join(folder, name));
    const pipe = new UnreadPipe(log!);
    pipe.fill();
    const serve = new Run(`serve --listen ${address} --http ${input} 2>${log}`);
    await expect.poll(() => existsSync(input!)).toBe(true);
    const forward = falcoOutputs("forward", "-a", input!);
    forward.child.stdin.end(alerts[0]);
    expect(await forward.status).toBe(0);
    expect((await ran("get", "-a", address!)).out).toContain("Terminal shell in container");
    const said = text(pipe.read());
    serve.child.kill("SIGTERM");
    expect(await serve.status).toBe(0);
    expect((await said).match(/"msg":"(?:ready|stopped)"/g)).toEqual(['"msg":"ready"', '"msg":"stopped"']);
  });

  it("serves over mutual TLS", async () => {
    const authority = await Authority.create();
    const server = writeIdentity(join(folder, "server"), "server", authority.ca, await authority.issue());
    const client = writeIdentity(join(folder, "client"), "client", authority.ca, await authority.issue());
    const tls = ({ ca, cert, key }: typeof server) => ["--ca", ca, "--cert", cert, "--key", key];
    const serve = falcoOutputs("serve", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", ...tls(server));
    const { listen, http } = await serve.logged("ready");
    expect(await post(http, alerts[0]!)).toBe(200);
    const [address] = listen as string[];
    expect((await ran("get", "-a", address!, ...tls(client))).out).toContain("Terminal shell in container");
    const named = ["--server-name", "another.example"];
    expect((await ran("get", "-a", address!, ...tls(client), ...named)).err).toContain("for another name");
  });
});
