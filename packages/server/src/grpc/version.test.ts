import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Code, createClient } from "@falco-outputs/core";
import { describe, expect, it, onTestFinished } from "vitest";
import { startServer } from "../index.js";

/** Falco's web server, as far as its version goes. */
async function startWebserver(answer: () => { status?: number; body: string }) {
  const seen = { requests: 0 };
  const webserver = createServer((request, response) => {
    seen.requests++;
    const { status = 200, body } = request.url === "/versions" ? answer() : { status: 404, body: "" };
    response.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => webserver.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void webserver.close());
  return { url: `http://127.0.0.1:${(webserver.address() as AddressInfo).port}`, seen };
}

async function versionFrom(falco: { version: string } | { webserver: string }) {
  await using server = await startServer({ listen: [], falco });
  return await createClient({ transport: server.transport() }).version();
}

describe("version", () => {
  it("is UNAVAILABLE where nobody told it, and says what to do", async () => {
    await using server = await startServer({ listen: [] });
    await expect(createClient({ transport: server.transport() }).version()).rejects.toMatchObject({
      code: Code.Unavailable,
      message: expect.stringContaining("start the server with --falco-version"),
    });
  });

  it("is what the server was told, in parts", async () => {
    expect(await versionFrom({ version: "0.44.1-rc1+abc" })).toEqual({
      version: "0.44.1-rc1+abc",
      major: 0,
      minor: 44,
      patch: 1,
      prerelease: "rc1",
      build: "abc",
      engineVersion: "",
      engineMajor: 0,
      engineMinor: 0,
      enginePatch: 0,
      engineFieldsChecksum: "",
    });
  });

  it("is what Falco's web server says, asked once in a while", async () => {
    const body = JSON.stringify({
      falco_version: "0.44.1",
      engine_version: "60",
      engine_version_semver: "0.60.2",
    });
    const { url, seen } = await startWebserver(() => ({ body }));
    await using server = await startServer({ listen: [], falco: { webserver: url } });
    const client = createClient({ transport: server.transport() });
    for (let call = 0; call < 3; call++) {
      expect(await client.version()).toMatchObject({
        version: "0.44.1",
        minor: 44,
        engineVersion: "0.60.2",
        engineMinor: 60,
        enginePatch: 2,
      });
    }
    expect(seen.requests).toBe(1);
  });

  it("is asked for again after a failure", async () => {
    let body = "not JSON";
    const { url } = await startWebserver(() => ({ body }));
    await using server = await startServer({ listen: [], falco: { webserver: `${url}/` } });
    const client = createClient({ transport: server.transport() });
    await expect(client.version()).rejects.toMatchObject({ code: Code.Unavailable });
    body = JSON.stringify({ falco_version: "0.44.0" });
    expect((await client.version()).version).toBe("0.44.0");
  });

  it.each([
    ["another status", { status: 500, body: "" }, "HTTP status 500"],
    ["a version that is none", { body: '{"falco_version":"new"}' }, '"new"'],
    ["an answer without end", { body: " ".repeat(100_000) }, "larger than 65536 bytes"],
  ])("is UNAVAILABLE when Falco answers %s", async (_, answer, reason) => {
    const { url } = await startWebserver(() => answer);
    await expect(versionFrom({ webserver: url })).rejects.toMatchObject({
      code: Code.Unavailable,
      message: expect.stringContaining(reason),
    });
  });

  it.each([
    [{ version: "latest" }, 'falco.version: "latest", expected a version, e.g. "0.44.1"'],
    [{ webserver: "localhost:8765" }, 'falco.webserver: "localhost:8765", expected a URL'],
  ])("is refused at start: %o", async (falco, message) => {
    await expect(startServer({ listen: [], falco })).rejects.toThrow(message);
  });
});
