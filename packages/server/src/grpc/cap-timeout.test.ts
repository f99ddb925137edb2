import { type ClientHttp2Session, connect as connectHttp2, type OutgoingHttpHeaders } from "node:http2";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import * as grpc from "@grpc/grpc-js";
import { beforeEach, expect, it, onTestFinished } from "vitest";
import { type FalcoOutputsServer, startServer } from "../index.js";
import { capTimeout } from "./cap-timeout.js";

let server: FalcoOutputsServer;
let session: ClientHttp2Session;
beforeEach(async () => {
  server = await startServer();
  onTestFinished(() => server.stop());
  const path = server.address.replace("unix://", "");
  session = connectHttp2("http://localhost", { createConnection: () => connect(path) });
  onTestFinished(() => void session.destroy());
});

/** Longer than a timer takes that overflows, 1 ms. */
const overflowMs = 20;
const alert = { rule: "still waited for", priority: "Notice" } as const;

/** What the first bytes of a stream's body are, with a subscription that is told these headers. */
async function subscribe(headers: OutgoingHttpHeaders, request: Uint8Array): Promise<string> {
  const stream = session.request({
    ":method": "POST",
    ":path": "/falco.outputs.service/sub",
    "content-type": "application/grpc",
    te: "trailers",
    ...headers,
  });
  stream.write(request);
  await server.waitForSubscribers(1);
  await delay(overflowMs);
  await server.publish(alert);
  for await (const chunk of stream) {
    if (chunk.length > 0) return chunk.toString();
  }
  throw new Error("the stream ended");
}

it.each(["99999999H", "597H", "99999999M", "99999999S", "99999999m"])(
  "a stream with grpc-timeout: %s waits for alerts",
  async (timeout) => {
    expect(await subscribe({ "grpc-timeout": timeout }, new Uint8Array(5))).toContain(alert.rule);
  },
);

it("a stream of the Connect protocol with the longest timeout waits for alerts", async () => {
  const headers = { "content-type": "application/connect+json", "connect-timeout-ms": "9999999999" };
  const request = Buffer.from([0, 0, 0, 0, 2, ...Buffer.from("{}")]);
  expect(await subscribe(headers, request)).toContain(alert.rule);
});

it("a client of grpc-js with the farthest deadline is served", async () => {
  const Outputs = grpc.makeGenericClientConstructor(
    {
      sub: {
        path: "/falco.outputs.service/sub",
        requestStream: true,
        responseStream: true,
        requestSerialize: (bytes: Buffer) => bytes,
        responseDeserialize: (bytes: Buffer) => bytes.toString(),
        requestDeserialize: (bytes: Buffer) => bytes,
        responseSerialize: (bytes: Buffer) => bytes,
      },
    },
    "Outputs",
  );
  const client = new Outputs(server.address, grpc.credentials.createInsecure());
  const farthestHours = 99_999_999;
  const stream = client.sub!({ deadline: Date.now() + farthestHours * 3_600_000 });
  const received = new Promise<string>((resolve, reject) => stream.on("data", resolve).on("error", reject));
  stream.write(Buffer.alloc(0));
  await server.waitForSubscribers(1);
  await delay(overflowMs);
  await server.publish(alert);
  expect(await received).toContain(alert.rule);
  stream.on("error", () => undefined).cancel();
  client.close();
});

it.each([
  [{ "grpc-timeout": "99999999H" }, { "grpc-timeout": "2147483S" }],
  [{ "grpc-timeout": "596H" }, { "grpc-timeout": "596H" }],
  [{ "grpc-timeout": "100u" }, { "grpc-timeout": "100u" }],
  [{ "grpc-timeout": "forever" }, { "grpc-timeout": "forever" }],
  [{ "connect-timeout-ms": "9999999999" }, { "connect-timeout-ms": "2147483647" }],
  [{ "connect-timeout-ms": "1000" }, { "connect-timeout-ms": "1000" }],
  [{}, {}],
])("%j becomes %j", (headers, capped) => {
  capTimeout(headers);
  expect(headers).toEqual(capped);
});
