import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer } from "@falco-outputs/server";
import { Authority, fixtureLines, OldFalco, writeIdentity } from "@falco-outputs/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ran } from "../testing/in-process.js";
import { endRuns, falcoOutputs } from "../testing/run.js";

const alerts = fixtureLines("alerts.jsonl");

let folder: string;
let address: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "status-"));
  address = join(folder, "falco.sock");
});
afterEach(() => {
  endRuns();
  rmSync(folder, { recursive: true });
});

describe("falco-outputs status", () => {
  it("tells what a server serves, retains and counts", async () => {
    await using server = await startServer({ listen: [address], falco: { version: "0.44.1" } });
    for (const alert of alerts.slice(0, 2)) await server.publish(alert);
    const sub = falcoOutputs("sub", "-a", address, "--group", "pager");
    await server.waitForSubscribers(1);
    const { status, out, err } = await ran("status", "-a", address);
    expect({ status, err }).toEqual({ status: 0, err: "" });
    const { first, last } = server.stats();
    const lines = out.split("\n").slice(0, -1);
    expect(lines).toEqual([
      `address:    unix://${address}`,
      expect.stringMatching(/^version: {4}\d+\.\d+\.\d+$/),
      expect.stringMatching(/^started: {4}\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      "falco:      0.44.1",
      `serves:     unix://${address}`,
      "http input: off",
      `retained:   2 of 2 alerts, 1.0 MiB, numbers ${first} to ${last}, from 2026-06-02T09:14:07.123Z to 2026-06-02T09:14:09.000Z`,
      "streams:    0 broadcast, 1 of groups, 0 of the shared queue",
      "",
      "GROUP           MEMBERS  WAITING  DELIVERED  REDELIVERED  FILTERED  LOST",
      "(shared queue)        0        2          0            0         0     0",
      "pager                 1        0          0            0         0     0",
      "",
      "INPUT  ACCEPTED  REJECTED",
      expect.stringMatching(/^http +0 +0$/),
      expect.stringMatching(/^lines +0 +0$/),
      "",
      "OUTPUT  WRITTEN  FAILED  DROPPED  WAITING",
      expect.stringMatching(/^grpc +0 +0 +0 +2$/),
    ]);
    sub.child.kill("SIGINT");
    expect(await sub.status).toBe(0);
  });

  it("tells it as the API's message with -o json, and of an empty server", async () => {
    await using server = await startServer({ listen: [address] });
    const { out } = await ran("status", "-a", address, "-o", "json");
    expect(JSON.parse(out)).toMatchObject({
      address: `unix://${address}`,
      falcoVersion: "",
      addresses: server.addresses,
      log: { appended: "0", retained: "0" },
      streams: { shared: 0, group: 0, broadcast: 0 },
      groups: [{ name: "", waiting: "0" }],
    });
    expect((await ran("status", "-a", address)).out).toMatch(
      /^falco: +not known\n(?:.+\n)+retained: +0 of 0 alerts, 0\.0 MiB\n/m,
    );
  });

  it("says who may ask, over mutual TLS, as the configuration has it", async () => {
    const authority = await Authority.create();
    const server = writeIdentity(folder, "server", authority.ca, await authority.issue());
    const config = join(folder, "falco-outputs.yaml");
    writeFileSync(
      config,
      `grpc: { bind_address: "127.0.0.1:0", private_key: ${server.key}, cert_chain: ${server.cert}, root_certs: ${server.ca} }
inputs: { http: { bind_address: "127.0.0.1:0" } }
admin: { allowed_names: [ops.example] }
`,
    );
    const serve = falcoOutputs("serve", "-c", config);
    const [served] = (await serve.logged("ready")).listen as string[];
    const ask = async (name: string) => {
      const identity = await authority.issue({ names: [name] });
      const { ca, cert, key } = writeIdentity(join(folder, name), "client", authority.ca, identity);
      return await ran("status", "-a", served!, "--ca", ca, "--cert", cert, "--key", key);
    };
    expect(await ask("ops.example")).toMatchObject({ status: 0, err: "" });
    expect(await ask("other.example")).toEqual({
      status: 1,
      out: "",
      err: `falco-outputs: GetStatus on ${served}: the admin service: none of the names of the client's certificate is allowed: "other.example"\n`,
    });
  });

  it.each([["status"], ["groups"], ["groups", "forget", "x"]])(
    "says what is wrong: %s %s",
    async (...words) => {
      const args = [...words.filter((word) => word !== undefined), "-a", address];
      expect(await ran(...args)).toMatchObject({
        status: 1,
        out: "",
        err: expect.stringContaining("there is no such socket"),
      });
      const falco = await OldFalco.start(address);
      expect(await ran(...args)).toMatchObject({
        status: 1,
        out: "",
        err: expect.stringMatching(
          /on unix:.*: this server has no such service: it is Falco's own, or no Falco Outputs server\n$/,
        ),
      });
      await falco.stop();
    },
  );
});

describe("falco-outputs groups", () => {
  it("lists groups, and forgets one that has no members", async () => {
    await using server = await startServer({ listen: [address] });
    expect((await ran("get", "-a", address, "--group", "pager")).status).toBe(0);
    await server.publish(alerts[0]!);
    const table = await ran("groups", "-a", address);
    expect(table).toMatchObject({ status: 0, out: expect.stringMatching(/^pager +0 +1 +0 +0 +0 +0$/m) });
    const sub = falcoOutputs("sub", "-a", address, "--group", "audit");
    await server.waitForSubscribers(1);
    const forget = (name: string) => ran("groups", "forget", name, "-a", address);
    expect(await forget("pager")).toEqual({ status: 0, out: 'forgot the group "pager"\n', err: "" });
    expect((await forget("pager")).err).toContain('there is no group "pager"');
    expect((await forget("audit")).err).toContain(
      'the group "audit" has a member: it can be forgotten once it is empty',
    );
    expect((await forget("")).err).toContain("the shared queue is not a group");
    const { out } = await ran("groups", "-a", address, "-o", "json");
    expect(JSON.parse(out).map(({ name }: { name: string }) => name)).toEqual(["", "audit"]);
    sub.child.kill("SIGINT");
    expect(await sub.status).toBe(0);
  });

  it.each([
    [["groups", "list"], "too many arguments"],
    [["groups", "forget"], "missing required argument 'name'"],
    [["status", "-o", "table"], "Allowed choices are compact, json"],
    [["completion"], "missing required argument 'shell'"],
    [["completion", "tcsh"], "Allowed choices are bash, zsh, fish"],
  ])("refuses %j", async (args, message) => {
    expect(await ran(...args)).toMatchObject({ status: 2, out: "", err: expect.stringContaining(message) });
  });
});
