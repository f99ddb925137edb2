import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ran } from "../testing/in-process.js";
import { endRuns, falcoOutputs } from "../testing/run.js";

const page = readFileSync(new URL("../../../../docs/certificates.md", import.meta.url), "utf8");
const [making = "", using = ""] = [...page.matchAll(/```sh\n(.*?)```/gs)].map(([, block]) => block!);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "certificates-page-"));
});
afterEach(() => {
  endRuns();
  rmSync(folder, { recursive: true });
});

function shell(command: string): string {
  const { status, stdout, stderr } = spawnSync("/bin/sh", ["-e", "-c", command], {
    cwd: folder,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

it("docs/certificates.md makes certificates of version 3 with which its commands work", async () => {
  shell(making);
  const text = (name: string) => shell(`openssl x509 -in ${name}.crt -noout -text`);
  for (const name of ["ca", "server", "client"]) expect(text(name)).toContain("Version: 3 (0x2)");
  expect(text("ca")).toMatch(/CA:TRUE.*Certificate Sign/s);
  expect(text("server")).toMatch(/CA:FALSE.*TLS Web Server Authentication.*DNS:localhost/s);
  expect(text("client")).toMatch(/CA:FALSE.*TLS Web Client Authentication/s);

  const [serving, subscribing] = using
    .trim()
    .split("\n")
    .map((line) =>
      line
        .replace(/\b\w+\.(?:crt|key)\b/g, (file) => join(folder, file))
        .split(" ")
        .slice(2),
    );
  const [, , ...serveOptions] = serving!.slice(1);
  const serve = falcoOutputs("serve", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", ...serveOptions);
  const { listen, http } = (await serve.logged("ready")) as { listen: string[]; http: string[] };
  const body = JSON.stringify({ rule: "R", priority: "Notice", output: "it works" });
  expect((await fetch(http[0]!, { method: "POST", body })).status).toBe(200);
  const port = /\d+$/.exec(listen[0]!)![0];
  const sub = subscribing!.map((arg) => arg.replace(/^(localhost):\d+$/, `$1:${port}`));
  expect(await ran(...sub, "--after", "0", "-n", "1")).toMatchObject({
    status: 0,
    out: expect.stringContaining("it works"),
    err: "",
  });
});
