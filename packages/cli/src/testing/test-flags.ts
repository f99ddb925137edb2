import { join } from "node:path";
import { startServer } from "@falco-outputs/server";
import { expect, onTestFinished } from "vitest";
import { type Ended, ran } from "./in-process.js";

/** @param folder With a server's and a client's certificates, and room for sockets. */
type Check = (folder: string) => Promise<void>;

const path = (folder: string, ...names: string[]) => names.map((name) => join(folder, name));

/** Runs `test` against a server of every kind of listener. @param flagsFor What its command line has. */
async function tested(
  folder: string,
  flagsFor: (at: { unix: string; tcp: string; tls: string; http: string }) => readonly string[],
): Promise<Ended> {
  const [ca, cert, key, http] = path(folder, "ca.crt", "server.crt", "server.key", `${Math.random()}.sock`);
  const server = await startServer({
    listen: [
      join(folder, `${Math.random()}.sock`),
      { address: "127.0.0.1:0", insecure: true },
      { address: "127.0.0.1:0", tls: { ca: ca!, cert: cert!, key: key! } },
    ],
    inputs: { http: [http!] },
  });
  onTestFinished(() => server.stop());
  const [unix, tcp, tls] = server.addresses;
  return ran("test", ...flagsFor({ unix: unix!, tcp: tcp!, tls: tls!, http: http! }));
}

const arrived = { status: 0, err: "", out: expect.stringMatching(/^Debug +taken +received$/m) };
const certificates = (folder: string) => {
  const [ca, cert, key] = path(folder, "ca.crt", "client.crt", "client.key");
  return ["--ca", ca!, "--cert", cert!, "--key", key!];
};
const overTls: Check = async (folder) =>
  expect(
    await tested(folder, ({ tls, http }) => ["-a", tls, "--http", http, ...certificates(folder)]),
  ).toMatchObject(arrived);

/** What each flag of `test` is for: a part of the table of all flags. */
export const testFlags: Readonly<Record<string, Check>> = {
  "--output": async (folder) => {
    const { out } = await tested(folder, ({ unix }) => ["-a", unix, "--output", "json"]);
    expect(JSON.parse(out).alerts).toHaveLength(8);
  },
  "--http": async (folder) =>
    expect(await tested(folder, ({ unix, http }) => ["-a", unix, "--http", `${http}.absent`])).toMatchObject({
      status: 1,
      err: expect.stringContaining(
        "no server listens there: start one with falco-outputs serve, or give its address (--http)",
      ),
    }),
  "--min-priority": async (folder) => {
    const { out } = await tested(folder, ({ unix }) => ["-a", unix, "--min-priority", "Alert"]);
    expect(out).toMatch(/^Emergency .*\nAlert .*\n\n/m);
  },
  "--address": async (folder) =>
    expect(await tested(folder, ({ unix }) => ["--address", unix])).toMatchObject(arrived),
  "--insecure-tcp": async (folder) =>
    expect(
      await tested(folder, ({ tcp, http }) => ["-a", tcp, "--http", http, "--insecure-tcp"]),
    ).toMatchObject(arrived),
  "--cert": overTls,
  "--key": overTls,
  "--ca": overTls,
  "--server-name": async (folder) =>
    expect(
      await tested(folder, ({ tls }) => [
        "-a",
        tls,
        ...certificates(folder),
        "--server-name",
        "another.example",
      ]),
    ).toMatchObject({ status: 1, err: expect.stringMatching(/for another name/) }),
  "--timeout": async (folder) => {
    const server = await startServer({ priority: "Notice", inputs: { http: [join(folder, "p.sock")] } });
    onTestFinished(() => server.stop());
    // It waits no longer for what never comes.
    expect(await ran("test", "-a", server.address, "--timeout", "300ms")).toMatchObject({
      status: 1,
      err: "falco-outputs: 2 of 8 alerts did not arrive\n",
    });
  },
};
