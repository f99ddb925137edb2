import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Authority, fixtureLines, writeIdentity } from "@falco-outputs/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type HttpOutputOptions, startServer } from "../../index.js";
import { Receiver } from "../testing/receiver.js";

const [line] = fixtureLines("alerts.jsonl") as [string];
const folder = mkdtempSync(join(tmpdir(), "falco-outputs-http-"));
afterAll(() => rmSync(folder, { recursive: true }));

let authority: Authority;
let stranger: Authority;
beforeAll(async () => {
  authority = await Authority.create();
  stranger = await Authority.create();
});

async function listen(options: Parameters<typeof Receiver.start>[1] = {}, names = ["localhost"]) {
  return Receiver.start(undefined, { ...(await authority.issue({ names })), ...options });
}

/** What the logger was told about one alert that was posted with these options; "written" if it came. */
async function outcome(receiver: Receiver, options: Partial<HttpOutputOptions>): Promise<string> {
  let reason = "nothing";
  const tell = (fields: { reason?: string }) => {
    reason = fields.reason ?? reason;
  };
  const url = `https://localhost:${receiver.port}/`;
  await using server = await startServer({
    listen: [],
    outputs: { queue: { retryMs: 1e-9, timeoutMs: 10_000 }, http: { url, ...options } },
    logger: { info: () => undefined, warn: tell, error: tell },
  });
  await server.publish(line);
  await expect.poll(() => server.stats().outputs.http?.waiting, { timeout: 20_000 }).toBe(0);
  return server.stats().outputs.http?.written === 1 ? "written" : reason;
}

it("takes the receiver's certificate from the authority that is named, by path, bundle or folder", async () => {
  await using receiver = await listen();
  const caFolder = join(folder, "authorities");
  mkdirSync(caFolder);
  writeFileSync(join(caFolder, "ours.pem"), authority.ca);
  writeFileSync(join(caFolder, "README"), "no certificate");
  const bundle = join(folder, "bundle.crt");
  writeFileSync(bundle, `${stranger.ca}\n${authority.ca}`);
  expect(await outcome(receiver, { caCert: authority.ca })).toBe("written");
  expect(await outcome(receiver, { caBundle: bundle })).toBe("written");
  expect(await outcome(receiver, { caPath: caFolder })).toBe("written");
  // The first of them counts, as in Falco.
  const refused = `localhost:${receiver.port}: its certificate is not accepted: unable to verify the first certificate`;
  expect(await outcome(receiver, { caCert: stranger.ca, caBundle: bundle, caPath: caFolder })).toBe(refused);
});

it("refuses a certificate of an authority that the system does not know, unless told not to look", async () => {
  await using receiver = await listen();
  expect(await outcome(receiver, {})).toContain("its certificate is not accepted: ");
  expect(await outcome(receiver, { insecure: true })).toBe("written");
});

it("refuses a certificate for another host", async () => {
  await using receiver = await listen({}, ["falco.example"]);
  expect(await outcome(receiver, { caCert: authority.ca })).toMatch(
    /: its certificate is not accepted: Hostname\/IP does not match certificate's altnames: Host: localhost/,
  );
  expect(await outcome(receiver, { caCert: authority.ca, insecure: true })).toBe("written");
});

it("refuses a chain that ends in an authority of its own", async () => {
  const { cert, key } = await stranger.issue();
  await using receiver = await Receiver.start(undefined, { cert: `${cert}\n${stranger.ca}`, key });
  expect(await outcome(receiver, { caCert: authority.ca })).toBe(
    `localhost:${receiver.port}: its certificate is not accepted: self-signed certificate in certificate chain`,
  );
});

it("shows its own certificate with mtls", async () => {
  const own = writeIdentity(folder, "client", authority.ca, await authority.issue());
  const theirs = writeIdentity(join(folder, "stranger"), "client", stranger.ca, await stranger.issue());
  await using receiver = await listen({ ca: authority.ca, requestCert: true, rejectUnauthorized: true });
  const certificates = { caCert: own.ca, clientCert: own.cert, clientKey: own.key };
  expect(await outcome(receiver, { ...certificates, mtls: true })).toBe("written");
  // Whichever of the receiver's alert and its hang-up is seen first.
  const refused = /^localhost:\d+: (?:tlsv13 alert .*|socket hang up|.*ECONNRESET|.*EPIPE)$/;
  expect(await outcome(receiver, certificates)).toMatch(refused);
  const wrong = { caCert: own.ca, mtls: true, clientCert: theirs.cert, clientKey: theirs.key };
  expect(await outcome(receiver, wrong)).toMatch(refused);
});

it("reads its certificates again when it is reopened", async () => {
  await using receiver = await listen();
  const caCert = join(folder, "rotated.crt");
  writeFileSync(caCert, stranger.ca);
  const url = `https://localhost:${receiver.port}/`;
  await using server = await startServer({ listen: [], outputs: { http: { url, caCert } } });
  await server.publish(line);
  writeFileSync(caCert, authority.ca);
  server.reopenOutputs();
  await server.publish(line);
  await expect.poll(() => receiver.bodies.length, { timeout: 20_000 }).toBe(2);
});

it.each([
  [
    { caCert: "/nowhere/ca.crt" },
    'outputs.http.caCert: "/nowhere/ca.crt", expected PEM, or the path of a file that can be read (ENOENT',
  ],
  [{ caPath: "/nowhere" }, 'outputs.http.caPath: "/nowhere", expected a folder that can be read (ENOENT'],
  [
    { caPath: "/proc/self/fdinfo" },
    'outputs.http.caPath: "/proc/self/fdinfo", expected a folder with certificates in PEM',
  ],
  [
    { mtls: true, clientCert: "/nowhere/client.crt" },
    'outputs.http.clientCert: "/nowhere/client.crt", expected PEM, or',
  ],
  [
    { mtls: true, clientCert: Buffer.from("x"), clientKey: Buffer.from("y") },
    "outputs.http.clientCert: expected a certificate in PEM, and clientKey its key (",
  ],
  [
    { caCert: Buffer.from("-----BEGIN CERTIFICATE-----") },
    "outputs.http.caCert: expected a certificate in PEM",
  ],
])("refuses %j at the start", async (options, message) => {
  const http = { url: "https://localhost/", ...options };
  await expect(startServer({ listen: [], outputs: { http } })).rejects.toThrow(message);
});
