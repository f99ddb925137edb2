import { connect } from "node:net";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { Code, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { createClient as createFalcoClient } from "@falco-outputs/core";
import { AdminService, FalcoLivenessState } from "@falco-outputs/core/contract";
import { Authority, type IdentityOptions } from "@falco-outputs/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { type FalcoOutputsServer, type ServerOptions, startServer } from "../index.js";
import { version } from "../version.js";

async function serve(options?: ServerOptions): Promise<FalcoOutputsServer> {
  const server = await startServer(options);
  onTestFinished(() => server.stop());
  return server;
}

const clientOver = (transport: Transport) => createClient(AdminService, transport);

function overUnixSocket({ address }: FalcoOutputsServer) {
  const path = address.replace("unix://", "");
  const nodeOptions = { createConnection: () => connect(path) };
  return clientOver(createGrpcTransport({ baseUrl: "http://localhost", nodeOptions }));
}

/** An admin client over mutual TLS, whose certificate has these names. */
async function overTls(allowedNames: readonly string[] | undefined, names: IdentityOptions["names"]) {
  const authority = await Authority.create();
  const server = await serve({
    listen: [{ address: "127.0.0.1:0", tls: { ca: authority.ca, ...(await authority.issue()) } }],
    ...(allowedNames && { admin: { allowedNames } }),
  });
  const nodeOptions = { ca: authority.ca, ...(await authority.issue({ names: names! })) };
  return clientOver(createGrpcTransport({ baseUrl: `https://${server.address}`, nodeOptions }));
}

const denied = (reason: string) =>
  expect.objectContaining({ code: Code.PermissionDenied, rawMessage: `the admin service: ${reason}` });

describe("the admin service", () => {
  it("tells how the server is", async () => {
    const before = Date.now();
    const server = await serve({ falco: { version: "0.43.0" }, inputs: { http: ["127.0.0.1:0"] } });
    const falco = createFalcoClient({ transport: server.transport() });
    const streams = [
      falco.sub({ broadcast: true }),
      falco.sub({ group: "pager", rules: ["a"] }),
      falco.sub({ group: "audit" }),
    ].map((stream) => stream[Symbol.asyncIterator]());
    const next = streams.map((stream) => stream.next());
    await server.waitForSubscribers(3);
    const first = await server.publish({ rule: "b", priority: "Notice", time: 1_780_000_000_000_000_500n });
    await server.publish({ rule: "a", priority: "Notice", time: 1_780_000_001_000_000_000n });
    await Promise.all(next);

    const status = await overUnixSocket(server).getStatus({});
    expect(status).toMatchObject({
      version,
      falcoVersion: "0.43.0",
      addresses: server.addresses,
      httpUrls: server.httpUrls,
      log: {
        appended: 2n,
        retained: 2n,
        firstSequence: first,
        lastSequence: first + 1n,
        earliest: { seconds: 1_780_000_000n, nanos: 0 },
        latest: { seconds: 1_780_000_001n, nanos: 0 },
      },
      streams: { shared: 0, group: 2, broadcast: 1 },
      groups: [
        { name: "", members: 0, waiting: 2n },
        { name: "audit", members: 1 },
        { name: "pager", members: 1, delivered: 1n, filtered: 1n, waiting: 0n, lost: 0n, redelivered: 0n },
      ],
      inputs: [
        { name: "http", accepted: 0n, rejected: 0n },
        { name: "lines", accepted: 0n, rejected: 0n },
      ],
      outputs: [{ name: "grpc", failed: 0n, dropped: 0n }],
    });
    expect(status.log!.retainedBytes).toBeGreaterThan(0n);
    expect(status.outputs[0]!.written).toBe(BigInt(server.stats().outputs.grpc!.written));
    const startedAt = timestampDate(status.startedAt!).getTime();
    expect(startedAt).toBeGreaterThanOrEqual(before);
    expect(startedAt).toBeLessThanOrEqual(Date.now());
    await falco.close();
  });

  it("tells whether Falco is alive, if the embedder knows", async () => {
    const since = new Date(1_780_000_000_000);
    const server = await serve({
      listen: [],
      falcoLiveness: () => ({ state: "silent", since, reason: "no metrics snapshot for 90 s" }),
    });
    expect((await clientOver(server.transport()).getStatus({})).falcoLiveness).toMatchObject({
      state: FalcoLivenessState.SILENT,
      since: { seconds: 1_780_000_000n },
      reason: "no metrics snapshot for 90 s",
    });
  });

  it("tells of a server without alerts, and without a known Falco", async () => {
    const server = await serve({ listen: [] });
    const status = await clientOver(server.transport()).getStatus({});
    expect(status).toMatchObject({ falcoVersion: "", addresses: [], httpUrls: [] });
    expect(status.log).toMatchObject({ retained: 0n, firstSequence: 0n, lastSequence: 0n });
    expect(status).not.toHaveProperty("falcoLiveness");
    expect(status.log).not.toHaveProperty("earliest");
    expect(status.log).not.toHaveProperty("latest");
  });

  it("forgets a group, with its place and what waits for it", async () => {
    const server = await serve();
    const falco = createFalcoClient({ transport: server.transport() });
    const admin = overUnixSocket(server);
    const stream = falco.sub({ group: "pager" })[Symbol.asyncIterator]();
    const next = stream.next();
    await server.waitForSubscribers(1);
    await expect(admin.forgetGroup({ name: "pager" })).rejects.toMatchObject({
      code: Code.FailedPrecondition,
      rawMessage: 'the group "pager" has a member: it can be forgotten once it is empty',
    });
    await server.publish({ rule: "a", priority: "Notice" });
    await next;
    await stream.return?.();
    await server.waitForSubscribers(0);
    await server.publish({ rule: "b", priority: "Notice" });
    expect(server.stats().groups.pager?.waiting).toBe(1);
    await admin.forgetGroup({ name: "pager" });
    expect(Object.keys(server.stats().groups)).toEqual([""]);
    await falco.close();
  });

  it.each([
    ["pager", Code.NotFound, 'there is no group "pager"'],
    ["x".repeat(1_000), Code.NotFound, `there is no group "${"x".repeat(100)}"`],
    ["", Code.InvalidArgument, "the shared queue is not a group: it cannot be forgotten"],
  ])("says why it cannot forget the group %j", async (name, code, rawMessage) => {
    const admin = clientOver((await serve({ listen: [] })).transport());
    await expect(admin.forgetGroup({ name })).rejects.toMatchObject({ code, rawMessage });
  });
});

describe("who may call the admin service", () => {
  it.each([
    ["a DNS name", ["localhost", "ops.example"]],
    ["the common name, where there is nothing but addresses", ["127.0.0.1"]],
  ])("over TLS: a certificate with an allowed name: %s", async (_, names) => {
    const admin = await overTls(["other.example", names.at(-1)!], names);
    expect((await admin.getStatus({})).version).toBe(version);
    await expect(admin.forgetGroup({ name: "x" })).rejects.toMatchObject({ code: Code.NotFound });
  });

  it.each([
    ["another name", ["ops.example"], ["localhost", "a.example"], '"localhost", "a.example"'],
    ["the name in another case", ["ops.example"], ["OPS.example"], '"OPS.example"'],
    ["a name below an allowed one", ["example"], ["ops.example"], '"ops.example"'],
    ["any name, where none is allowed", undefined, ["localhost"], '"localhost"'],
  ])("over TLS: not a certificate with %s", async (_, allowed, names, seen) => {
    const admin = await overTls(allowed, names);
    const reason = denied(`none of the names of the client's certificate is allowed: ${seen}`);
    await expect(admin.getStatus({})).rejects.toEqual(reason);
    await expect(admin.forgetGroup({ name: "" })).rejects.toEqual(reason);
  });

  it("over TCP without TLS: nobody", async () => {
    const server = await serve({
      listen: [{ address: "127.0.0.1:0", insecure: true }],
      admin: { allowedNames: ["localhost"] },
    });
    const admin = clientOver(createGrpcTransport({ baseUrl: `http://${server.address}` }));
    const reason = denied(
      "it is not served without TLS, but on unix sockets, and over mutual TLS to allowed names",
    );
    await expect(admin.getStatus({})).rejects.toEqual(reason);
    await expect(admin.forgetGroup({ name: "" })).rejects.toEqual(reason);
  });

  it("in a browser: nobody, there is no such service", async () => {
    const server = await serve({ listen: [], web: ["127.0.0.1:0"] });
    const admin = clientOver(createConnectTransport({ baseUrl: server.webUrl!, httpVersion: "1.1" }));
    await expect(admin.getStatus({})).rejects.toMatchObject({ code: Code.Unimplemented });
  });

  it.each([
    [{ allowedNames: "ops" as never }, 'admin.allowedNames: "ops", expected a list of names'],
    [{ allowedNames: ["a", ""] }, 'admin.allowedNames[1]: "", expected a name in a client\'s certificate'],
  ])("is refused as %o", async (admin, message) => {
    await expect(startServer({ listen: [], admin })).rejects.toThrow(message);
  });
});
