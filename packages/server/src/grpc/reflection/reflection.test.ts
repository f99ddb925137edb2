import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { ReflectionService } from "@falco-outputs/core/contract";
import { expect, it, onTestFinished } from "vitest";
import { type ServerOptions, startServer } from "../../index.js";

const buf = createRequire(import.meta.url).resolve("@bufbuild/buf/bin/buf");

async function start(options: ServerOptions = {}) {
  const server = await startServer({ falco: { version: "0.44.1" }, ...options });
  onTestFinished(() => server.stop());
  return server;
}

/** What `buf curl` prints. It knows nothing of the contract but what the server tells. */
async function bufCurl(address: string, path: string, ...flags: string[]): Promise<string> {
  const socket = ["--unix-socket", address.replace(/^unix:\/\//, "")];
  const grpc = ["--protocol", "grpc", "--http2-prior-knowledge", ...socket];
  const { stdout } = await promisify(execFile)(process.execPath, [
    buf,
    "curl",
    ...grpc,
    ...flags,
    `http://localhost/${path}`,
  ]);
  return stdout;
}

const listed = [
  "falco.output.service/subscribe",
  "falco.outputs.admin.v1.AdminService/ForgetGroup",
  "falco.outputs.admin.v1.AdminService/GetStatus",
  "falco.outputs.service/get",
  "falco.outputs.service/sub",
  "falco.version.service/version",
  "grpc.health.v1.Health/Check",
  "grpc.health.v1.Health/Watch",
  "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
  "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

it.each(["grpc-v1", "grpc-v1alpha"])("has buf curl list and call, by %s", async (protocol) => {
  const server = await start();
  await server.publish({ rule: "R", priority: "Notice", output: "hello" });
  const curl = (path: string, ...flags: string[]) =>
    bufCurl(server.address, path, "--reflect-protocol", protocol, ...flags);
  expect((await curl("", "--list-methods")).trim().split("\n")).toEqual(listed);
  expect(JSON.parse(await curl("falco.version.service/version", "--data", "{}"))).toMatchObject({
    version: "0.44.1",
  });
  const request = JSON.stringify({ broadcast: true, after: 0, allow: [{ rules: ["R"] }] });
  expect(JSON.parse(await curl("falco.outputs.service/get", "--data", request))).toMatchObject({
    priority: "NOTICE",
    output: "hello",
  });
});

type Question = NonNullable<
  MessageInitShape<(typeof ReflectionService)["method"]["serverReflectionInfo"]["input"]>["messageRequest"]
>;

function clientOf(baseUrl: string) {
  return createClient(ReflectionService, createGrpcTransport({ baseUrl }));
}

async function tcpServer(options: ServerOptions = {}) {
  const server = await start({ listen: [{ address: "127.0.0.1:0", insecure: true }], ...options });
  return { server, client: clientOf(`http://${server.address}`) };
}

/** The answers to questions that are asked in one stream. */
async function answers(client: ReturnType<typeof clientOf>, ...questions: Question[]) {
  async function* requests() {
    for (const messageRequest of questions) yield { host: "h", messageRequest };
  }
  const got = [];
  for await (const response of client.serverReflectionInfo(requests())) {
    expect(response.validHost).toBe("h");
    expect(response.originalRequest?.messageRequest).toMatchObject(questions[got.length]!);
    got.push(response.messageResponse);
  }
  return got;
}

const filesOf = ([answer]: Awaited<ReturnType<typeof answers>>) => {
  if (answer?.case !== "fileDescriptorResponse") throw new Error(answer?.case);
  return answer.value.fileDescriptorProto.map((file) => fromBinary(FileDescriptorProtoSchema, file).name);
};

it.each([
  "falco.outputs.service",
  "falco.outputs.service.sub",
  "falco.outputs.response",
  "falco.outputs.request.allow",
])("answers with the file that defines %s, and what it imports", async (value) => {
  const { client } = await tcpServer();
  const expected = [
    "falco/outputs/outputs.proto",
    "google/protobuf/timestamp.proto",
    "falco/schema/schema.proto",
  ];
  const bySymbol = filesOf(await answers(client, { case: "fileContainingSymbol", value }));
  expect(bySymbol.sort()).toEqual(expected.sort());
  expect(bySymbol).toEqual(
    filesOf(await answers(client, { case: "fileByFilename", value: "falco/outputs/outputs.proto" })).sort(),
  );
});

it.each([
  ["grpc.health.v1.HealthCheckResponse.ServingStatus", "grpc/health/v1/health.proto"],
  ["grpc.health.v1.HealthCheckResponse.NOT_SERVING", "grpc/health/v1/health.proto"],
  ["grpc.reflection.v1alpha.ServerReflection", "grpc/reflection/v1alpha/reflection.proto"],
  ["grpc.reflection.v1.ServerReflectionRequest.message_request", "grpc/reflection/v1/reflection.proto"],
])("knows %s", async (value, file) => {
  const { client } = await tcpServer();
  expect(filesOf(await answers(client, { case: "fileContainingSymbol", value }))).toEqual([file]);
});

it("answers what it does not know with an error, and goes on", async () => {
  const { client } = await tcpServer();
  const extension = { containingType: "falco.outputs.response", extensionNumber: 100 };
  const got = await answers(
    client,
    { case: "fileContainingSymbol", value: `no\n${"p".repeat(200)}` },
    { case: "fileByFilename", value: "nope.proto" },
    { case: "fileContainingExtension", value: extension },
    { case: "allExtensionNumbersOfType", value: "nope" },
    { case: "allExtensionNumbersOfType", value: "falco.outputs.response" },
    { case: "listServices", value: "" },
  );
  const unknown = (errorMessage: string) => ({
    case: "errorResponse",
    value: { errorCode: 5, errorMessage },
  });
  expect(got.slice(0, 4)).toMatchObject([
    unknown(`unknown symbol "no\\n${"p".repeat(97)}"`),
    unknown('unknown file "nope.proto"'),
    unknown('unknown extension of "falco.outputs.response"'),
    unknown('unknown symbol "nope"'),
  ]);
  expect(got[4]).toMatchObject({ value: { baseTypeName: "falco.outputs.response", extensionNumber: [] } });
  expect(got[5]!.case).toBe("listServicesResponse");
});

it("refuses a request without a question", async () => {
  const { client } = await tcpServer();
  const response = client.serverReflectionInfo(
    (async function* () {
      yield {};
    })(),
  );
  await expect(response[Symbol.asyncIterator]().next()).rejects.toMatchObject({
    code: Code.InvalidArgument,
    rawMessage: "the request has no question that this server knows",
  });
});

it("does not hold up a server that stops", async () => {
  const { server, client } = await tcpServer();
  const asking = new AbortController();
  onTestFinished(() => asking.abort());
  const response = client
    .serverReflectionInfo(
      (async function* () {
        yield { messageRequest: { case: "listServices" as const, value: "" } };
        await new Promise((resolve) => asking.signal.addEventListener("abort", resolve));
      })(),
    )
    [Symbol.asyncIterator]();
  await response.next();
  const ended = expect(response.next()).rejects.toMatchObject({ code: Code.Unavailable });
  await server.stop();
  await ended;
});

it("is off with reflection: false, and never served to browsers", async () => {
  const { client } = await tcpServer({ reflection: false });
  await expect(answers(client, { case: "listServices", value: "" })).rejects.toMatchObject({
    code: Code.Unimplemented,
  });
  const { webUrl } = await start({ web: ["127.0.0.1:0"] });
  const path = "grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
  const headers = { "content-type": "application/connect+json" };
  const { status } = await fetch(`${webUrl}/${path}`, { method: "POST", headers, body: "" });
  expect(status).toBe(404);
});
