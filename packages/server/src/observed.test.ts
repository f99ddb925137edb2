import { fromBinary } from "@bufbuild/protobuf";
import { createClient, Priority } from "@falco-outputs/core";
import { OutputsResponseSchema } from "@falco-outputs/core/contract";
import { Authority } from "@falco-outputs/testing";
import { expect, it, onTestFinished } from "vitest";
import { type AlertBatch, listenOperations, type ServerOptions, startServer } from "./index.js";
import { silent } from "./logger.js";

async function serve(options: ServerOptions) {
  const server = await startServer(options);
  onTestFinished(() => server.stop());
  return server;
}

const rulesOf = ({ bytes, ends }: AlertBatch) =>
  ends.map((end, index) => fromBinary(OutputsResponseSchema, bytes.subarray(ends[index - 1] ?? 0, end)).rule);

it("an observer sees the alerts that are severe enough, whichever way they come", async () => {
  const seen: string[] = [];
  const server = await serve({
    listen: [],
    inputs: { http: ["127.0.0.1:0"] },
    priority: Priority.Warning,
    onAlerts: (batch) => seen.push(...rulesOf(batch)),
  });
  await server.publish({ rule: "a", priority: "Critical" });
  await server.publish({ rule: "b", priority: "Notice" });
  const body = '{"rule":"c","priority":"Warning"}\n{"rule":"d","priority":"Debug"}\n';
  await fetch(server.httpUrl!, { method: "POST", body });
  expect(seen).toEqual(["a", "c"]);
});

it("counts what streams were given by mode, each time, and what was evicted before", async () => {
  const server = await serve({ listen: [], maxAlerts: 2 });
  const falco = createClient({ transport: server.transport() });
  for (const rule of ["a", "b", "c"]) await server.publish({ rule, priority: "Notice" });
  expect(server.stats()).toMatchObject({ delivered: { shared: 0, group: 0, broadcast: 0 }, evicted: 1 });
  const taken = [];
  for await (const alert of falco.get()) taken.push(alert.rule);
  expect(taken).toHaveLength(3); // With the report of the loss.
  for (let times = 0; times < 2; times++) {
    for await (const alert of falco.get({ broadcast: true })) taken.push(alert.rule);
  }
  expect(server.stats().delivered).toEqual({ shared: 2, group: 0, broadcast: 4 });
  await falco.close();
});

it("tells on what it listens, and when the certificates expire", async () => {
  const authority = await Authority.create();
  const tls = { ca: authority.ca, ...(await authority.issue()) };
  const server = await serve({
    listen: [{ address: "127.0.0.1:0", tls }],
    web: ["127.0.0.1:0"],
    inputs: { http: ["127.0.0.1:0"] },
  });
  const { listeners } = server.stats();
  expect(listeners).toEqual([
    { kind: "grpc", address: server.address, isListening: true, certificateExpiresAt: expect.any(Date) },
    { kind: "web", address: new URL(server.webUrl!).host, isListening: true },
    { kind: "http", address: new URL(server.httpUrl!).host, isListening: true },
  ]);
  expect(listeners[0]!.certificateExpiresAt!.getTime()).toBeGreaterThan(Date.now());
  await server.stop();
  expect(server.stats().listeners.map(({ isListening }) => isListening)).toEqual([false, false, false]);
});

it.each([
  [
    { address: "0.0.0.0:0" },
    /^here\.address: "0\.0\.0\.0:0", expected a loopback address, or tls\.ca, tls\.cert and tls\.key with it \(mutual TLS\), or insecure: true$/,
  ],
  [{ address: "0.0.0.0:0", tls: { cert: "x", key: "y" } }, /expected a loopback address/],
  [{ address: "nowhere" }, /^here\.address: "nowhere", expected host:port or unix:\/\/\/path$/],
])("a listener for operations is refused as %j", async (options, message) => {
  await expect(listenOperations("here", options, () => undefined, silent)).rejects.toThrow(message);
});
