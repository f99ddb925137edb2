import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer } from "@falco-outputs/server";
import { Authority, writeIdentity } from "@falco-outputs/testing";
import { afterEach, beforeEach, expect, it, onTestFinished } from "vitest";
import { ran } from "../testing/in-process.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "certs-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const path = (name: string) => join(folder, name);
const certs = (...args: string[]) => ran("certs", ...args);
const init = (...flags: string[]) => certs("init", folder, "--host", "localhost", ...flags);
const client = (name: string, ...flags: string[]) => certs("client", name, "--dir", folder, ...flags);
const contents = () => readdirSync(folder).map((name) => [name, readFileSync(path(name), "utf8")]);
const tls = (name: string) => ({ ca: path("ca.crt"), cert: path(`${name}.crt`), key: path(`${name}.key`) });
const flags = (name: string) => Object.entries(tls(name)).flatMap(([flag, file]) => [`--${flag}`, file]);

it("makes what a server and its clients need for mutual TLS, in files of their owner only", async () => {
  expect(await init("--host", "127.0.0.1")).toEqual({
    status: 0,
    out: `${["ca.key", "ca.crt", "server.key", "server.crt"].map((name) => `wrote ${path(name)}\n`).join("")}`,
    err: "",
  });
  await client("pager");
  for (const name of readdirSync(folder)) expect(statSync(path(name)).mode & 0o777).toBe(0o600);

  const server = await startServer({
    falco: { version: "0.44.1" },
    listen: [{ address: "127.0.0.1:0", tls: tls("server") }],
    admin: { allowedNames: ["pager"] },
  });
  onTestFinished(() => server.stop());
  for (const host of ["127.0.0.1", "localhost"]) {
    const address = server.address.replace("127.0.0.1", host);
    expect(await ran("version", "-a", address, ...flags("pager"))).toMatchObject({
      status: 0,
      out: "0.44.1\n",
    });
  }
  // The client's certificate has its name.
  expect(await ran("status", "-a", server.address, ...flags("pager"))).toMatchObject({ status: 0 });
  // A server's certificate is not a client's.
  expect(await ran("version", "-a", server.address, ...flags("server"))).toMatchObject({ status: 1 });
});

it("makes certificates that openssl verifies by all of RFC 5280", async () => {
  await init("--host", "::1", "--host", "*.falco.example", "--host", "bücher.example");
  await client("pager");
  const openssl = (...args: string[]) => execFileSync("openssl", args, { encoding: "utf8" });
  const verify = ["verify", "-x509_strict", "-CAfile", path("ca.crt"), "-purpose"];
  expect(openssl(...verify, "sslserver", path("server.crt"))).toMatch(/: OK$/m);
  expect(openssl(...verify, "sslclient", path("pager.crt"))).toMatch(/: OK$/m);
  const text = (name: string) => openssl("x509", "-in", path(name), "-noout", "-text");
  for (const name of ["ca.crt", "server.crt", "pager.crt"]) {
    expect(text(name)).toMatch(/Version: 3.*NIST CURVE: P-256/s);
  }
  expect(text("ca.crt")).toContain("CA:TRUE, pathlen:0");
  expect(text("server.crt")).toContain(
    "DNS:localhost, IP Address:0:0:0:0:0:0:0:1, DNS:*.falco.example, DNS:xn--bcher-kva.example\n",
  );
  expect(text("pager.crt")).toContain("DNS:pager\n");
});

it("overwrites nothing without --force, also if only one of the files exists", async () => {
  await init();
  rmSync(path("server.key"));
  const before = contents();
  const refused = { status: 1, out: "" };
  expect(await init()).toMatchObject({
    ...refused,
    err: `falco-outputs: ${path("ca.key")} exists: nothing was written without --force\n`,
  });
  expect(await certs("server", "--dir", folder, "--host", "localhost")).toMatchObject(refused);
  expect(contents()).toEqual(before);
});

it("closes with --force what others could read", async () => {
  await init();
  await client("pager");
  chmodSync(path("pager.key"), 0o644);
  expect(await client("pager", "--force")).toMatchObject({ status: 0 });
  expect(statSync(path("pager.key")).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toHaveLength(6);
});

it.each(["10.0.0.256", "10.1", "falco.example:5060", "[::1]", "a b", "fe80::1%eth0", "-x", ""])(
  "refuses the host %j",
  async (host) => {
    expect(await certs("init", path("new"), "--host", host)).toEqual({
      status: 2,
      out: "",
      err: `falco-outputs: --host: ${JSON.stringify(host)}: expected a DNS name or an IP address, without a port\n`,
    });
    expect(readdirSync(folder)).toEqual([]);
  },
);

it.each(["ca", "Server", "../x", ".x", "a/b", "x".repeat(65), ""])(
  "refuses the client's name %j",
  async (name) => {
    await init();
    const before = contents();
    expect(await client(name, "--force")).toMatchObject({
      status: 2,
      err: expect.stringContaining(
        `${JSON.stringify(name)}: expected a client's name of up to 64 letters, digits, dots, dashes and underscores`,
      ),
    });
    expect(contents()).toEqual(before);
  },
);

it.each(["0", "36501", "1.5", "x"])("refuses --days %s", async (days) => {
  expect(await init("--days", days)).toMatchObject({
    status: 2,
    err: expect.stringContaining("expected a whole number of days from 1 to 36500."),
  });
});

it("lets no certificate outlive its authority", async () => {
  expect(await init("--ca-days", "30", "--days", "30")).toMatchObject({ status: 0 });
  expect(await client("pager", "--days", "31")).toMatchObject({
    status: 1,
    err: expect.stringMatching(
      /a certificate of 31 days would outlive its authority, which expires on \d{4}-/,
    ),
  });
});

it("says what is wrong with an authority", async () => {
  const says = async (reason: RegExp) =>
    expect(await client("pager")).toMatchObject({ status: 1, out: "", err: expect.stringMatching(reason) });
  await says(/ca\.crt and .*ca\.key are not a usable authority: ENOENT/);
  await init();
  const key = readFileSync(path("ca.key"));
  writeFileSync(path("ca.key"), readFileSync(path("server.key")));
  await says(/: the key is not that of the certificate/);
  writeFileSync(path("ca.crt"), readFileSync(path("server.crt")));
  await says(/: the certificate is not an authority's/);
  writeFileSync(path("ca.key"), key.subarray(0, 100));
  await says(/are not a usable authority: /);
  execFileSync("openssl", ["ecparam", "-name", "secp384r1", "-genkey", "-noout", "-out", path("ca.key")]);
  await says(/: expected a P-256 key/);
});

it("shows a folder's certificates, and a file's", async () => {
  await init("--host", "10.0.0.1");
  await client("pager", "--days", "8");
  const { out } = await certs("show", folder);
  const [header, ...lines] = out.split("\n").slice(0, -1);
  expect(header!.split(/ {2,}/)).toEqual(["FILE", "SUBJECT", "USE", "NAMES", "EXPIRES", "DAYS"]);
  expect(lines.map((line) => line.split(/ {2,}/).slice(0, -2))).toEqual([
    ["ca.crt", expect.stringMatching(/^Falco Outputs authority [0-9a-f]{8}$/), "authority"],
    ["pager.crt", "pager", "client", "pager"],
    ["server.crt", "localhost", "server", "localhost, 10.0.0.1"],
  ]);
  expect(lines[1]).toMatch(/ 7$/);
  expect((await certs("show", path("pager.crt"))).out.split("\n")).toHaveLength(3);
});

it("shows certificates that others made: expired, several in a file, for any use", async () => {
  const authority = await Authority.create();
  const expired = await authority.issue({ names: ["old.example"], days: -3 });
  writeIdentity(folder, "server", authority.ca, expired);
  writeFileSync(path("chain.pem"), expired.cert + authority.ca);
  const { out } = await certs("show", path("chain.pem"), "-o", "json");
  expect(JSON.parse(out)).toMatchObject([
    { subject: "old.example", names: "DNS:old.example", use: "any", days: -4 },
    { subject: expect.stringContaining("authority"), use: "authority" },
  ]);
});

it("says where there is no certificate", async () => {
  expect(await certs("show", folder)).toMatchObject({
    status: 1,
    err: `falco-outputs: ${folder}: there is no certificate in PEM\n`,
  });
  writeFileSync(path("a.crt"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  expect(await certs("show", folder)).toMatchObject({
    status: 1,
    err: expect.stringContaining(`${path("a.crt")}: `),
  });
});
