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

/** The arguments of each command of a block, with its files in the test's folder. */
const commandsOf = (block: string) =>
  block
    .split("\n")
    .filter((line) => line.startsWith("npx "))
    .map((line) =>
      line
        .split(" ")
        .slice(2)
        .map((word) => (/^certs(\/|$)/.test(word) ? join(folder, word) : word)),
    );

it("docs/certificates.md makes certificates with which its commands work", async () => {
  for (const [, ...args] of commandsOf(making)) {
    expect(await ran("certs", ...args)).toMatchObject({ status: 0, err: "" });
  }
  const [serving, subscribing] = commandsOf(using);
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
