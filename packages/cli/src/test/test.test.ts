import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@falco-outputs/node";
import { type ServerOptions, startServer } from "@falco-outputs/server";
import { OldFalco } from "@falco-outputs/testing";
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from "vitest";
import { ran } from "../testing/in-process.js";
import { priorities } from "./priorities.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "test-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

async function start(options: ServerOptions = {}) {
  const server = await startServer({ inputs: { http: [join(folder, "input.sock")] }, ...options });
  onTestFinished(() => server.stop());
  return server;
}

it("tells where an alert of each priority arrived", async () => {
  const filename = join(folder, "alerts.log");
  const server = await start({
    inputs: { http: ["127.0.0.1:0", join(folder, "input.sock")] },
    outputs: { file: [{ filename }, { name: "severe", filename: `${filename}.2`, priority: "Critical" }] },
  });
  const { status, out, err } = await ran("test", "-a", server.address);
  expect({ status, err }).toEqual({ status: 0, err: "" });
  expect(out.split("\n").map((line) => line.split(/ {2,}/))).toEqual([
    [`posted to unix://${folder}/input.sock`],
    [""],
    ["PRIORITY", "HTTP INPUT", "SUBSCRIBER"],
    ...priorities.map((priority) => [priority, "taken", "received"]),
    [""],
    ["OUTPUT", "WRITTEN", "FAILED", "DROPPED", "WAITING"],
    ["file", "8", "0", "0", "0"],
    ["file:severe", "3", "0", "0", "0"],
    [""],
  ]);
  expect(readFileSync(filename, "utf8")).toMatch(/^\S+ Emergency Test of falco-outputs$/m);
  await using client = createClient({ address: server.address });
  const got = [];
  for await (const alert of client.get({ broadcast: true }))
    got.push([alert.rule, alert.source, alert.priority]);
  expect(got).toEqual(priorities.map((_, number) => ["falco-outputs test", "test", number]));
});

it("counts neither another test's alerts nor what was there before", async () => {
  const server = await start();
  const tests = async () => JSON.parse((await ran("test", "-a", server.address, "-o", "json")).out);
  for (let run = 0; run < 2; run++) {
    expect(await tests()).toEqual({
      http: `unix://${folder}/input.sock`,
      alerts: priorities.map((priority) => ({ priority, received: true })),
      outputs: {},
    });
  }
});

it("fails when the server's priority keeps alerts out, unless they are not wanted", async () => {
  const server = await start({ priority: "Warning" });
  const args = ["test", "-a", server.address, "--timeout", "300ms"];
  expect(await ran(...args)).toMatchObject({
    status: 1,
    out: expect.stringMatching(/^Warning +taken +received\nNotice +taken +nothing$/m),
    err: "falco-outputs: 3 of 8 alerts did not arrive\n",
  });
  vi.stubEnv("FALCO_OUTPUTS_TEST_MIN_PRIORITY", "warning");
  expect(await ran(...args)).toMatchObject({ status: 0, err: "" });
});

it("fails when the http input refuses, and does not wait for what it refused", async () => {
  const token = "a-token-of-sufficient-length-0123456789";
  const server = await start({ inputs: { http: [{ address: join(folder, "input.sock"), token }] } });
  const { status, out, err } = await ran("test", "-a", server.address, "--timeout", "1h");
  expect({ status, err }).toEqual({
    status: 1,
    err: expect.stringMatching(
      /^falco-outputs: unix:.*input\.sock refused it: .*; 8 of 8 alerts did not arrive\n$/,
    ),
  });
  expect(out).toMatch(/^Debug +refused +nothing$/m);
});

it("fails when an output does not write what it has", async () => {
  const receiver = createServer((_, response) => response.writeHead(400).end()).listen(0, "127.0.0.1");
  await once(receiver, "listening");
  onTestFinished(() => void receiver.close());
  const { port } = receiver.address() as AddressInfo;
  const server = await start({
    outputs: {
      http: [
        { name: "refusing", url: `http://127.0.0.1:${port}/` },
        { name: "absent", url: "http://127.0.0.1:1/" },
      ],
    },
  });
  const { status, out, err } = await ran(
    ...["test", "-a", server.address, "--min-priority", "emergency", "--timeout", "2s"],
  );
  expect({ status, err }).toEqual({
    status: 1,
    err: "falco-outputs: the output http:absent did not write all; the output http:refusing did not write all\n",
  });
  expect(out).toMatch(/^http:absent +0 +0 +0 +1\nhttp:refusing +0 +1 +0 +0$/m);
});

it("says when there is no server, or Falco's own", async () => {
  const address = join(folder, "falco.sock");
  expect(await ran("test", "-a", address)).toMatchObject({
    status: 1,
    out: "",
    err: expect.stringContaining("is the server running"),
  });
  const falco = await OldFalco.start(address);
  onTestFinished(() => falco.stop());
  expect(await ran("test", "-a", address)).toMatchObject({
    status: 1,
    out: "",
    err: expect.stringContaining("it is Falco's own"),
  });
});

it("posts to this machine only", async () => {
  const server = await start();
  expect(await ran("test", "-a", server.address, "--http", "falco.example:5061")).toMatchObject({
    status: 2,
    err: expect.stringContaining(
      "--http falco.example:5061: alerts are posted without TLS, to this machine only",
    ),
  });
  vi.stubEnv("FALCO_OUTPUTS_INPUT", join(folder, "input.sock"));
  expect(await ran("test", "-a", server.address)).toMatchObject({ status: 0 });
});
