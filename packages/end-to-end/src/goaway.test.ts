import { once } from "node:events";
import { constants, createServer, type Http2Server, type ServerHttp2Stream } from "node:http2";
import { join } from "node:path";
import type { StreamStatus } from "@falco-outputs/core";
import { encodeLine } from "@falco-outputs/core/codec";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { clientOf, scratchFolder } from "./test-server.js";

const grpc = { ":status": 200, "content-type": "application/grpc" };

/** A server of Falco's contract that treats each stream as told; the streams count from 1, over all connections. */
async function serving(onStream: (stream: ServerHttp2Stream, count: number) => void): Promise<Http2Server> {
  const server = createServer();
  let count = 0;
  server.on("stream", (stream) => {
    stream.on("error", () => undefined);
    onStream(stream, ++count);
  });
  server.on("session", (session) => session.on("error", () => undefined));
  await once(server.listen(join(scratchFolder(), "falco.sock")), "listening");
  onTestFinished(() => void server.close());
  return server;
}

function answer(stream: ServerHttp2Stream): void {
  const bytes = encodeLine(JSON.stringify({ rule: "r", priority: "Notice" }));
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(bytes.length, 1);
  stream.respond(grpc, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.write(Buffer.concat([prefix, bytes]));
}

/** Waits that no test could sit out. */
const slow = { initialDelayMs: 60_000, maxDelayMs: 60_000 };

/** The longest waits that the jitter allows. */
function withoutJitter(): void {
  const random = vi.spyOn(Math, "random").mockReturnValue(1);
  onTestFinished(() => void random.mockRestore());
}

describe("a GOAWAY without an error of ours", () => {
  it.each(["sub", "get"] as const)(
    "is followed by another attempt at once: %s, not yet answered",
    async (method) => {
      withoutJitter();
      const server = await serving((stream, count) => {
        if (count === 1) stream.session!.goaway(constants.NGHTTP2_INTERNAL_ERROR);
        else answer(stream);
      });
      const client = clientOf(server.address() as string);
      const statuses: StreamStatus[] = [];
      const options = { reconnect: slow, onStatus: (status: StreamStatus) => statuses.push(status) };
      const alerts = client[method](options)[Symbol.asyncIterator]();
      expect((await alerts.next()).value?.rule).toBe("r");
      expect(statuses).toMatchObject([
        { type: "connecting" },
        { type: "disconnected", retryInMs: 0 },
        { type: "connecting" },
        { type: "connected" },
      ]);
      await alerts.return!();
    },
  );

  it("is followed by another attempt at once: a stream that is open", async () => {
    withoutJitter();
    const server = await serving((stream) => answer(stream));
    const sessions: { goaway(code: number): void }[] = [];
    server.on("session", (session) => sessions.push(session));
    const client = clientOf(server.address() as string);
    const waits: number[] = [];
    const onStatus = (status: StreamStatus) => {
      if (status.type === "disconnected") waits.push(status.retryInMs);
    };
    const alerts = client.sub({ reconnect: slow, onStatus })[Symbol.asyncIterator]();
    for (let count = 1; count <= 3; count++) {
      expect((await alerts.next()).value?.rule).toBe("r");
      sessions.at(-1)!.goaway(constants.NGHTTP2_INTERNAL_ERROR);
    }
    expect((await alerts.next()).value?.rule).toBe("r");
    expect(waits).toEqual([0, 0, 0]);
    await alerts.return!();
  });

  it("is followed by another attempt at once: a stream that the server has not looked at", async () => {
    withoutJitter();
    const server = await serving((stream, count) => {
      if (count === 1) stream.close(constants.NGHTTP2_REFUSED_STREAM);
      else answer(stream);
    });
    const alerts = clientOf(server.address() as string)
      .sub({ reconnect: slow })
      [Symbol.asyncIterator]();
    expect((await alerts.next()).value?.rule).toBe("r");
    await alerts.return!();
  });

  it("is followed by waits when it comes again and again", async () => {
    const server = await serving((stream) => stream.session!.goaway(constants.NGHTTP2_INTERNAL_ERROR));
    const waits: number[] = [];
    const onStatus = (status: StreamStatus) => {
      if (status.type === "disconnected") waits.push(status.retryInMs);
    };
    withoutJitter();
    const reconnect = { initialDelayMs: 1, waitOnFirstConnect: true, maxAttempts: 4 };
    const next = clientOf(server.address() as string)
      .sub({ reconnect, onStatus })
      [Symbol.asyncIterator]()
      .next();
    await expect(next).rejects.toThrow("the connection was closed by the other side");
    expect(waits).toEqual([0, 1, 2]);
  });

  it("that blames the client is not", async () => {
    const server = await serving((stream) => stream.session!.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM));
    const next = clientOf(server.address() as string)
      .sub({ reconnect: slow })
      [Symbol.asyncIterator]()
      .next();
    await expect(next).rejects.toThrow("the connection was closed by the other side");
  });
});

it("streams may be opened and left as fast as one likes, though nghttp2 ends a connection with many resets", async () => {
  const server = await serving((stream) => answer(stream));
  let connections = 0;
  server.on("session", () => connections++);
  const client = clientOf(server.address() as string);
  let streams = 0;
  const openAndLeave = async () => {
    for (; connections < 2; streams++) {
      for await (const { rule } of client.sub()) {
        expect(rule).toBe("r");
        break;
      }
    }
  };
  // Many at once, so that the end of the connection meets one that is being opened.
  await Promise.all(Array.from({ length: 20 }, openAndLeave));
  // nghttp2 lets a thousand pass at once.
  expect(streams).toBeGreaterThan(1_000);
}, 60_000);
