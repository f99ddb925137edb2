import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Http2Server } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { endRuns, falcoOutputs } from "../testing/run.js";

const headers = {
  ":status": 200,
  "content-type": "application/grpc",
  "falco-outputs-version": "1",
  "falco-outputs-position": "0",
};
/** An alert of the rule "r", in gRPC's frame. */
const alert = Buffer.from([0, 0, 0, 0, 3, 0x22, 1, 0x72]);

let folder: string;
let server: Http2Server;
/** A server of ours that sends one alert, and never says that it was the last. */
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "falco-outputs-interrupted-"));
  server = createServer();
  server.on("stream", (stream, { ":path": path = "" }) => {
    stream.on("error", () => undefined);
    if (path.endsWith("/version")) stream.respond({ ...headers, "grpc-status": "14" }, { endStream: true });
    else {
      stream.respond(headers);
      stream.write(alert);
    }
  });
  await once(server.listen(join(folder, "falco.sock")), "listening");
});
afterEach(() => {
  endRuns();
  server.close();
  rmSync(folder, { recursive: true });
});

it("get says that it is not complete", async () => {
  const address = join(folder, "falco.sock");
  const run = falcoOutputs("get", "-a", address);
  await expect.poll(() => run.lines.length, { timeout: 10_000 }).toBe(1);
  run.child.kill("SIGTERM");
  expect(await run.status).toBe(1);
  expect(run.err).toContain(`get on unix://${address}: cut short`);
});

it("sub ends well, as it is always interrupted", async () => {
  const run = falcoOutputs("sub", "-a", join(folder, "falco.sock"));
  await expect.poll(() => run.lines.length, { timeout: 10_000 }).toBe(1);
  run.child.kill("SIGTERM");
  expect(await run.status).toBe(0);
  expect(run.err).toBe("");
});
