import { X509Certificate } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { ran } from "./in-process.js";

/** @param folder Does not exist yet. */
type Check = (folder: string) => Promise<void>;

const dayMs = 24 * 60 * 60 * 1_000;
const hosts = ["--host", "falco.example"];
const pem = (folder: string, name: string) => readFileSync(join(folder, name), "utf8");
const certificate = (folder: string, name: string) => new X509Certificate(pem(folder, name));
/** How long it is valid from now. */
const daysOf = (folder: string, name: string) =>
  Math.round((Date.parse(certificate(folder, name).validTo) - Date.now()) / dayMs);

async function certs(...args: string[]): Promise<void> {
  expect(await ran("certs", ...args)).toMatchObject({ status: 0, err: "" });
}

const init = (folder: string, ...flags: string[]) => certs("init", folder, ...hosts, ...flags);

/** What each flag of `certs` is for: a part of the table of all flags. */
export const certsFlags: Readonly<Record<string, Check>> = {
  "init --host": async (folder) => {
    await init(folder, "--host", "10.0.0.1");
    const { subjectAltName } = certificate(folder, "server.crt");
    expect(subjectAltName).toBe("DNS:falco.example, IP Address:10.0.0.1");
  },
  "init --days": async (folder) => {
    await init(folder, "--days", "7");
    expect([daysOf(folder, "server.crt"), daysOf(folder, "ca.crt")]).toEqual([7, 3650]);
  },
  "init --ca-days": async (folder) => {
    await init(folder, "--ca-days", "400");
    expect([daysOf(folder, "server.crt"), daysOf(folder, "ca.crt")]).toEqual([365, 400]);
  },
  "init --force": async (folder) => {
    await init(folder);
    const before = pem(folder, "ca.crt");
    await init(folder, "--force");
    expect(pem(folder, "ca.crt")).not.toBe(before);
  },
  "server --host": async (folder) => {
    await init(folder);
    await certs("server", "--dir", folder, "--force", "--host", "other.example");
    expect(certificate(folder, "server.crt").subjectAltName).toBe("DNS:other.example");
  },
  "server --dir": async (folder) => {
    await init(folder);
    const authority = certificate(folder, "ca.crt");
    await certs("server", "--dir", folder, "--force", ...hosts);
    expect(certificate(folder, "server.crt").checkIssued(authority)).toBe(true);
  },
  "server --days": async (folder) => {
    await init(folder);
    await certs("server", "--dir", folder, "--force", ...hosts, "--days", "7");
    expect(daysOf(folder, "server.crt")).toBe(7);
  },
  "server --force": async (folder) => {
    await init(folder);
    const before = pem(folder, "server.crt");
    await certs("server", "--dir", folder, ...hosts, "--force");
    expect(pem(folder, "server.crt")).not.toBe(before);
  },
  "client --dir": async (folder) => {
    await init(folder);
    await certs("client", "pager", "--dir", folder);
    expect(certificate(folder, "pager.crt").checkIssued(certificate(folder, "ca.crt"))).toBe(true);
  },
  "client --days": async (folder) => {
    await init(folder);
    await certs("client", "pager", "--dir", folder, "--days", "7");
    expect(daysOf(folder, "pager.crt")).toBe(7);
  },
  "client --force": async (folder) => {
    await init(folder);
    writeFileSync(join(folder, "pager.key"), "");
    await certs("client", "pager", "--dir", folder, "--force");
    expect(pem(folder, "pager.key")).toContain("PRIVATE KEY");
  },
  "show --output": async (folder) => {
    await init(folder);
    const { out } = await ran("certs", "show", join(folder, "server.crt"), "--output", "json");
    expect(JSON.parse(out)).toMatchObject([{ use: "server", names: "DNS:falco.example", days: 364 }]);
  },
};
