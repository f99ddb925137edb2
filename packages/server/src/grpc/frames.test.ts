import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http2";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { Code, createClient, type Interceptor } from "@connectrpc/connect";
import { connectNodeAdapter, createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { encodeLine } from "@falco-outputs/core/codec";
import {
  type OutputsRequestSchema,
  type OutputsResponse,
  OutputsResponseSchema,
  OutputsService,
  positionHeader,
  versionHeader,
} from "@falco-outputs/core/contract";
import { fixtureLines } from "@falco-outputs/testing";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { joinPieces } from "../alert-batch.js";
import { MemoryLog } from "../log/memory-log.js";
import { shutdown } from "./deliver.js";
import { connectOptions, routes } from "./handler.js";
import { Subscribers } from "./subscribers.js";
import { falcoVersion } from "./version.js";

/**
 * The two ways of a response: clients that speak binary gRPC get frames as the log has them, for all others (here gRPC
 * with JSON) Connect encodes each message. What they see must be the same.
 */
const ways = [
  ["ready frames", { useBinaryFormat: true }],
  ["Connect's own", { useBinaryFormat: false }],
] as const;

async function serve(format: { useBinaryFormat: boolean }, interceptors: Interceptor[] = []) {
  const log = new MemoryLog();
  const subscribers = new Subscribers();
  const stopping = new AbortController();
  const adapter = connectNodeAdapter({
    ...connectOptions,
    routes: routes({
      log,
      subscribers,
      stallTimeoutMs: 60_000,
      heartbeatIntervalMs: 15_000,
      falco: falcoVersion(undefined),
    }),
    interceptors,
    shutdownSignal: stopping.signal,
  });
  const folder = mkdtempSync(join(tmpdir(), "falco-outputs-frames-"));
  const path = join(folder, "falco.sock");
  const server = createServer(adapter);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const sessionManager = new Http2SessionManager(
    "http://localhost",
    {},
    { createConnection: () => connect(path) },
  );
  const transport = createGrpcTransport({ baseUrl: "http://localhost", sessionManager, ...format });
  const client = createClient(OutputsService, transport);
  onTestFinished(() => {
    stopping.abort(shutdown);
    sessionManager.abort();
    server.close();
    rmSync(folder, { recursive: true });
  });
  const publish = (lines: readonly string[]) => log.append(joinPieces(lines.map((line) => encodeLine(line))));
  return { log, subscribers, client, publish, stop: () => stopping.abort(shutdown) };
}

const lines = (count: number) =>
  Array.from({ length: count }, (_, index) => JSON.stringify({ rule: `rule ${index}`, priority: "Notice" }));

type Request = MessageInitShape<typeof OutputsRequestSchema>;

/** Requests that are sent one by one, and stay open. */
function requests(first: Request) {
  const sent: Request[] = [first];
  let wake: (() => void) | undefined;
  let open = true;
  return {
    send(request: Request) {
      sent.push(request);
      wake?.();
    },
    end() {
      open = false;
      wake?.();
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        while (sent.length > 0) yield sent.shift()!;
        if (!open) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

async function take(stream: AsyncIterator<OutputsResponse>, count: number): Promise<string[]> {
  const rules: string[] = [];
  while (rules.length < count) rules.push((await stream.next()).value.rule);
  return rules;
}

async function failure(stream: AsyncIterable<OutputsResponse>): Promise<unknown> {
  try {
    for await (const _ of stream);
  } catch (error) {
    return error;
  }
  throw new Error("the stream ended well");
}

const ours = { headers: { [versionHeader]: "1" } };
const rules = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `rule ${from + index}`);

describe.each(ways)("%s", (_, format) => {
  it("gives every alert as it is, and ends with OK", async () => {
    const { client, publish } = await serve(format);
    const fixtures = fixtureLines("alerts.jsonl");
    const { first } = publish(fixtures) as { first: number };
    const got: Uint8Array[] = [];
    for await (const message of client.get({})) {
      expect(message.sequence).toBe(BigInt(first + got.length));
      got.push(toBinary(OutputsResponseSchema, { ...message, sequence: 0n }));
    }
    expect(got).toEqual(fixtures.map((line) => encodeLine(line)));
  });

  it("answers with headers before there is an alert", async () => {
    const { client, log } = await serve(format);
    const headers = vi.fn();
    const stream = client.sub(requests({ broadcast: true }), { ...ours, onHeader: headers });
    const next = stream[Symbol.asyncIterator]()
      .next()
      .catch(() => undefined);
    await vi.waitFor(() => expect(headers).toHaveBeenCalledOnce());
    expect(headers.mock.calls[0]![0].get(positionHeader)).toMatch(/^\d+$/);
    await log.close();
    void next;
  });

  it("reads acknowledgements while it writes", async () => {
    const { client, publish, log } = await serve(format);
    const sent = requests({ group: "pager", after: 0n, acknowledged: 0n });
    publish(lines(10));
    const stream = client.sub(sent, ours)[Symbol.asyncIterator]();
    expect(await take(stream, 10)).toEqual(rules(0, 10));
    sent.send({ acknowledged: 4n });
    await vi.waitFor(() => expect(log.stats().groups.pager?.delivered).toBe(4));
    sent.end();
    expect(await stream.next()).toEqual({ value: undefined, done: true });
    expect(log.stats().groups.pager).toMatchObject({ delivered: 4, waiting: 6 });
  });

  it.each([
    ["while it waits", 0],
    ["between two alerts", 2],
  ])("keeps a deadline, %s", async (_, count) => {
    const { client, publish, subscribers } = await serve(format);
    publish(lines(count));
    const stream = client.sub(requests({ broadcast: true, after: 0n }), { ...ours, timeoutMs: 150 });
    expect(await failure(stream)).toMatchObject({ code: Code.DeadlineExceeded });
    await subscribers.waitFor(0);
  });

  it("forgets a client that cancels", async () => {
    const { client, publish, subscribers } = await serve(format);
    publish(lines(2));
    const abort = new AbortController();
    const stream = client.sub(requests({ broadcast: true, after: 0n }), { ...ours, signal: abort.signal });
    const iterator = stream[Symbol.asyncIterator]();
    expect(await take(iterator, 2)).toEqual(rules(0, 2));
    await subscribers.waitFor(1);
    abort.abort();
    await expect(iterator.next()).rejects.toMatchObject({ code: Code.Canceled });
    await subscribers.waitFor(0);
  });

  it("refuses with a status, and says why", async () => {
    const { client } = await serve(format);
    const refused = failure(client.get({ group: "pager", broadcast: true }));
    await expect(refused).resolves.toMatchObject({
      code: Code.InvalidArgument,
      rawMessage: expect.stringContaining("group, broadcast:"),
    });
  });

  it("refuses a later request in the middle of a stream, behind what it gave", async () => {
    const { client, publish } = await serve(format);
    publish(lines(3));
    const sent = requests({ broadcast: true, after: 0n });
    const stream = client.sub(sent, ours)[Symbol.asyncIterator]();
    expect(await take(stream, 3)).toEqual(rules(0, 3));
    sent.send({ allow: [{ tags: ["late"] }] });
    await expect(stream.next()).rejects.toMatchObject({ code: Code.FailedPrecondition });
  });

  it.each([
    ["UNAVAILABLE for our clients", ours, { code: Code.Unavailable, rawMessage: "the server is stopping" }],
    ["OK for others", {}, undefined],
  ])("ends streams when the server stops: %s", async (_, options, error) => {
    const { client, publish, subscribers, stop } = await serve(format);
    publish(lines(2));
    const stream = client.sub(requests({}), options)[Symbol.asyncIterator]();
    expect(await take(stream, 2)).toEqual(rules(0, 2));
    const next = stream.next();
    stop();
    if (error === undefined) expect(await next).toEqual({ value: undefined, done: true });
    else await expect(next).rejects.toMatchObject(error);
    await subscribers.waitFor(0);
  });

  it("lets interceptors see the call, add headers and trailers, and refuse it", async () => {
    const interceptor: Interceptor = (next) => async (request) => {
      if (request.header.has("x-refuse")) throw new Error("not today");
      const response = await next(request);
      response.header.set("x-header", request.method.name);
      response.trailer.set("x-trailer", "t");
      return response;
    };
    const { client, publish } = await serve(format, [interceptor]);
    publish(lines(3));
    const seen: (string | null)[] = [];
    const stream = client.get(
      {},
      {
        onHeader: (header) => seen.push(header.get("x-header")),
        onTrailer: (trailer) => seen.push(trailer.get("x-trailer")),
      },
    );
    for await (const { rule } of stream) seen.push(rule);
    expect(seen).toEqual(["get", ...rules(0, 3), "t"]);
    const refused = failure(client.get({}, { headers: { "x-refuse": "1" } }));
    expect(await refused).toMatchObject({ code: Code.Internal });
  });

  it("does not read the log on while a client does not read", async () => {
    const { client, publish, log } = await serve(format);
    const large = JSON.stringify({ rule: "x".repeat(100_000), priority: "Notice" });
    publish(Array(100).fill(large));
    const stream = client.sub(requests({}), ours)[Symbol.asyncIterator]();
    await stream.next();
    let before = -1;
    await vi.waitFor(
      () => {
        const { delivered } = log.stats().groups[""]!;
        const same = delivered === before;
        before = delivered;
        expect(same).toBe(true);
      },
      { timeout: 5_000, interval: 200 },
    );
    expect(before).toBeLessThan(50);
    expect(await take(stream, 99)).toHaveLength(99);
  });
});
