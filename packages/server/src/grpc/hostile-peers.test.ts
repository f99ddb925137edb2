import { type ClientHttp2Session, connect as connectHttp2, type OutgoingHttpHeaders } from "node:http2";
import { connect } from "node:net";
import { create, toBinary } from "@bufbuild/protobuf";
import { OutputsRequestSchema } from "@falco-outputs/core/contract";
import * as grpc from "@grpc/grpc-js";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { type FalcoOutputsServer, startServer } from "../index.js";

let server: FalcoOutputsServer;
let session: ClientHttp2Session;
beforeEach(async () => {
  server = await startServer();
  onTestFinished(() => server.stop());
  session = openSession();
  onTestFinished(() => void session.destroy());
});

function openSession(): ClientHttp2Session {
  const path = server.address.replace("unix://", "");
  return connectHttp2("http://localhost", {
    createConnection: () => connect(path),
    maxSessionMemory: 100,
  }).on("error", () => undefined);
}

interface Answer {
  headers: Record<string, unknown>;
  body: Buffer;
  /** Why the stream ended before its end. */
  error?: Error;
}

/** A raw request; resolves when the stream is closed. */
function call(headers: OutgoingHttpHeaders, body: Uint8Array = new Uint8Array(5)): Promise<Answer> {
  return new Promise((resolve) => {
    const answer: Answer = { headers: {}, body: Buffer.alloc(0) };
    const stream = session.request({
      ":method": "POST",
      ":path": "/falco.outputs.service/get",
      "content-type": "application/grpc",
      te: "trailers",
      ...headers,
    });
    stream.on("response", (more) => Object.assign(answer.headers, more));
    stream.on("trailers", (more) => Object.assign(answer.headers, more));
    stream.on("data", (chunk) => {
      answer.body = Buffer.concat([answer.body, chunk]);
    });
    stream.on("error", (error) => {
      answer.error = error;
    });
    stream.on("close", () => resolve(answer));
    stream.end(body);
  });
}

/** The queue is as good as ever: an alert goes through it on a connection of its own. */
async function expectServing(): Promise<void> {
  session.destroy();
  session = openSession();
  await server.publish({ rule: "still there", priority: "Notice" });
  const { headers, body } = await call({});
  expect(headers).toMatchObject({ ":status": 200, "grpc-status": "0" });
  expect(body.includes("still there")).toBe(true);
}

describe("an :authority that is not a host name does no harm", () => {
  it.each([
    ["a path, as gRPC's C core sends it", "tmp%2Fa.sock"],
    ["of 10 kB", "x".repeat(10_000)],
    ["an invalid port", "host:99999"],
    ["a bracket", "["],
  ])("%s", async (_, authority) => {
    await server.publish({ rule: "r", priority: "Notice" });
    const { headers, body } = await call({ ":authority": authority });
    expect(headers).toMatchObject({ "grpc-status": "0", "falco-outputs-version": "1" });
    expect(body.includes("syscall")).toBe(true);
    await expectServing();
  });

  // Node 22 refuses user information, which RFC 9113 forbids; Node 20 does not.
  const refusable = ["a b", "", "\u00ff", "//", "user:pw@host"];
  it.each(refusable)("%o, which HTTP/2 itself may refuse", async (authority) => {
    const { headers, error } = await call({ ":authority": authority });
    expect(headers["grpc-status"] === "0" || error !== undefined).toBe(true);
    await expectServing();
  });
});

it("answers UNIMPLEMENTED to an unknown method, as trailers that come alone", async () => {
  for (const path of ["/falco.outputs.service/nope", "/nope", "/", "//x", "/falco.outputs.service/sub/"]) {
    const { headers } = await call({ ":path": path });
    expect(headers).toMatchObject({
      ":status": 200,
      "content-type": "application/grpc",
      "grpc-status": "12",
    });
  }
  await expectServing();
});

it("answers 404 to what is not gRPC", async () => {
  const { headers } = await call({ ":method": "GET", ":path": "/", "content-type": "text/html" });
  expect(headers[":status"]).toBe(404);
  await expectServing();
});

it("answers RESOURCE_EXHAUSTED to a request of 10 MiB", async () => {
  const message = toBinary(
    OutputsRequestSchema,
    create(OutputsRequestSchema, { allow: [{ rules: ["x".repeat(10 * 1024 * 1024)] }] }),
  );
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  for (const method of ["get", "sub"]) {
    const { headers } = await call(
      { ":path": `/falco.outputs.service/${method}` },
      Buffer.concat([prefix, message]),
    );
    expect(headers["grpc-status"]).toBe("8");
    await expectServing();
  }
});

it.each([
  ["no message at all", new Uint8Array(0)],
  ["half a prefix", new Uint8Array(3)],
  ["half a message", Uint8Array.of(0, 0, 0, 0, 9, 1)],
  ["what is no protobuf", Uint8Array.of(0, 0, 0, 0, 3, 255, 255, 255)],
  ["a compression nobody agreed on", Uint8Array.of(1, 0, 0, 0, 1, 0)],
])("answers an error to %s", async (_, body) => {
  const { headers } = await call({}, body);
  expect(Number(headers["grpc-status"])).toBeGreaterThan(0);
  await expectServing();
});

it("accepts a request that came compressed with gzip", async () => {
  const { gzipSync } = await import("node:zlib");
  const zipped = gzipSync(new Uint8Array(0));
  const prefix = Buffer.from([1, 0, 0, 0, zipped.length]);
  await server.publish({ rule: "r", priority: "Notice" });
  const { headers, body } = await call(
    { "grpc-encoding": "gzip", "grpc-accept-encoding": "gzip" },
    Buffer.concat([prefix, zipped]),
  );
  expect(headers["grpc-status"]).toBe("0");
  expect(body[0]).toBe(0);
});

it("survives whatever is not HTTP/2", async () => {
  const socket = connect(server.address.replace("unix://", ""));
  socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  await new Promise((resolve) => socket.once("close", resolve).resume());
  await expectServing();
});

it("survives a thousand streams that are reset at once, and forgets them", async () => {
  for (let index = 0; index < 1000; index++) {
    const stream = session.request({
      ":method": "POST",
      ":path": "/falco.outputs.service/sub",
      "content-type": "application/grpc",
    });
    stream.on("error", () => undefined);
    stream.close(8);
  }
  await server.waitForSubscribers(0);
  await expectServing();
});

describe("health", () => {
  const Health = grpc.makeGenericClientConstructor(
    {
      check: {
        path: "/grpc.health.v1.Health/Check",
        requestStream: false,
        responseStream: false,
        requestSerialize: (service: string) =>
          Buffer.concat([Buffer.from([10, service.length]), Buffer.from(service)]),
        responseDeserialize: (bytes: Buffer) => bytes,
        requestDeserialize: (bytes: Buffer) => bytes.toString(),
        responseSerialize: (bytes: Buffer) => bytes,
      },
    },
    "Health",
  );
  const check = (service: string): Promise<unknown> =>
    new Promise((resolve) => {
      const client = new Health(server.address, grpc.credentials.createInsecure());
      client.check!(service, (error: grpc.ServiceError | null, answer: Buffer) => {
        client.close();
        resolve(error?.code ?? [...answer]);
      });
    });

  it.each(["", "falco.outputs.service", "falco.output.service", "falco.version.service"])(
    "answers SERVING for %o",
    async (service) => {
      expect(await check(service)).toEqual([8, 1]);
    },
  );

  it("answers NOT_FOUND for a service that is not here", async () => {
    expect(await check("nope")).toBe(grpc.status.NOT_FOUND);
  });
});
