import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { falcosMutualTls } from "./certificates.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "certificates-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

it("takes Falco's files for the keys that are left out", () => {
  const file = (name: string) => {
    writeFileSync(join(folder, name), "");
    return join(folder, name);
  };
  const own = { private_key: "k", cert_chain: "c", root_certs: "a" };
  expect(falcosMutualTls(own, folder)).toEqual({ key: "k", cert: "c", ca: "a" });
  const ca = file("ca.crt");
  expect(falcosMutualTls({ private_key: "k", cert_chain: "c" }, folder)).toEqual({ key: "k", cert: "c", ca });
  expect(() => falcosMutualTls({}, folder)).toThrow(`${join(folder, "server.key")} cannot be read (ENOENT)`);
  const [key, cert] = [file("server.key"), file("server.crt")];
  expect(falcosMutualTls({}, folder)).toEqual({ key, cert, ca });
});
