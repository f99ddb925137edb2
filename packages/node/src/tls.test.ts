import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Code } from "@falco-outputs/core";
import { Authority, type Identity, writeIdentity } from "@falco-outputs/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { secureContextOptions } from "./tls.js";

let folder: string;
let ca: string;
let client: Identity;
let paths: { ca: string; cert: string; key: string };
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "falco-outputs-tls-"));
  const authority = await Authority.create();
  ca = authority.ca;
  client = await authority.issue({ names: ["client"] });
  paths = writeIdentity(folder, "client", ca, client);
});
afterAll(() => rmSync(folder, { recursive: true }));

const invalid = (message: string | RegExp) =>
  expect.objectContaining({
    name: "FalcoError",
    code: Code.InvalidArgument,
    message: expect.stringMatching(message),
    cause: expect.any(Error),
  });

describe("secureContextOptions", () => {
  it("takes PEM as text, as bytes, and from files", () => {
    const wanted = { ca, ...client, minVersion: "TLSv1.2" };
    const text = (options: object) =>
      Object.fromEntries(Object.entries(options).map(([name, value]) => [name, String(value)]));
    expect(text(secureContextOptions({ ca, ...client }))).toEqual(wanted);
    expect(text(secureContextOptions(paths))).toEqual(wanted);
    const bytes = { ca: Buffer.from(ca), cert: Buffer.from(client.cert), key: Buffer.from(client.key) };
    expect(text(secureContextOptions(bytes))).toEqual(wanted);
  });

  it.each(["ca", "cert", "key"] as const)("says that the file of %s is missing", (name) => {
    const missing = join(folder, "missing.pem");
    const message = `^tls\\.${name}: "${missing}", expected PEM, or the path of a file that can be read \\(ENOENT`;
    expect(() => secureContextOptions({ ...paths, [name]: missing })).toThrow(invalid(message));
  });

  it.each(["ca", "cert", "key"] as const)("says that %s is not PEM", (name) => {
    const empty = join(folder, "empty.pem");
    writeFileSync(empty, "");
    const message = /^tls: expected tls\.ca, tls\.cert and tls\.key as PEM that belongs together: /;
    for (const pem of [empty, Buffer.from("x"), "-----BEGIN NOTHING-----"]) {
      expect(() => secureContextOptions({ ...paths, [name]: pem })).toThrow(invalid(message));
    }
  });

  it("says that the key is not the certificate's", async () => {
    const { key } = await (await Authority.create()).issue();
    expect(() => secureContextOptions({ ...paths, key })).toThrow(
      invalid(/belongs together: .*key values mismatch/),
    );
  });
});
