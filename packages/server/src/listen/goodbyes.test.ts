import { once } from "node:events";
import { connect as connectHttp2, constants } from "node:http2";
import { connect, type Socket } from "node:net";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { type FalcoOutputsServer, startServer } from "../index.js";

let server: FalcoOutputsServer;
/** What the server logs, by level; and what it or a library prints. */
let logged: Record<"debug" | "info" | "warn" | "error" | "printed", object[]>;

beforeEach(async () => {
  const lines: typeof logged = { debug: [], info: [], warn: [], error: [], printed: [] };
  logged = lines;
  const at = (level: keyof typeof logged) => (fields: object) => void lines[level].push(fields);
  const printing = vi.spyOn(console, "error");
  printing.mockImplementation((...printed) => void lines.printed.push(printed));
  onTestFinished(() => printing.mockRestore());
  server = await startServer({
    logger: { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") },
  });
  onTestFinished(() => server.stop());
});

/** Expects that somebody left, and that nobody is warned of it. */
async function expectGoodbye(): Promise<void> {
  await expect.poll(() => logged.debug).toHaveLength(1);
  await server.waitForSubscribers(0);
  await server.stop();
  expect(logged).toMatchObject({ info: [], warn: [], error: [], printed: [] });
}

/** An HTTP/2 frame (RFC 9113, section 4.1). */
function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

const [headersFrame, settingsFrame, goawayFrame] = [1, 4, 7];
const endHeaders = 4;

/** Header fields as literals that are not indexed (RFC 7541, section 6.2.2). */
function literals(fields: Record<string, string>): Buffer {
  const text = (value: string) => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
  return Buffer.concat(
    Object.entries(fields).flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]),
  );
}

function goaway(lastStream: number, code: number): Buffer {
  const payload = Buffer.alloc(8);
  payload.writeUInt32BE(lastStream, 0);
  payload.writeUInt32BE(code, 4);
  // grpc-go adds its reason.
  return frame(goawayFrame, 0, 0, Buffer.concat([payload, Buffer.from("client transport shutdown")]));
}

/** Opens a connection as grpc-go does. */
async function open(): Promise<Socket> {
  const socket = connect(server.address.replace("unix://", ""));
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => undefined).write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  socket.write(frame(settingsFrame, 0, 0, Buffer.alloc(0)));
  await once(socket.resume(), "data");
  return socket;
}

/** Opens a stream of alerts. */
async function subscribe(socket: Socket): Promise<void> {
  const fields = {
    ":method": "POST",
    ":scheme": "http",
    ":path": "/falco.outputs.service/sub",
    ":authority": "localhost",
    "content-type": "application/grpc",
    te: "trailers",
  };
  socket.write(frame(headersFrame, endHeaders, 1, literals(fields)));
  await server.waitForSubscribers(1);
}

describe("nobody is warned of a client that says goodbye", () => {
  it.each([
    ["by grpc-go that opened no stream", 2 ** 31 - 1],
    ["by grpc-go that names a stream of its own", 1],
  ])("%s", async (_, lastStream) => {
    const socket = await open();
    socket.end(goaway(lastStream, constants.NGHTTP2_NO_ERROR));
    await expectGoodbye();
  });

  it("by grpc-go, in the middle of a stream", async () => {
    const socket = await open();
    await subscribe(socket);
    socket.end(goaway(2 ** 31 - 1, constants.NGHTTP2_NO_ERROR));
    await expectGoodbye();
  });

  it("by CANCEL, in the middle of a stream", async () => {
    const socket = await open();
    await subscribe(socket);
    socket.end(goaway(0, constants.NGHTTP2_CANCEL));
    await expectGoodbye();
  });

  it("by a reset, in the middle of a stream", async () => {
    const socket = await open();
    await subscribe(socket);
    socket.destroy();
    await server.waitForSubscribers(0);
    await server.stop();
    expect(logged).toMatchObject({ info: [], warn: [], error: [], printed: [] });
  });

  it("by a GOAWAY as it should be", async () => {
    const session = connectHttp2("http://localhost", {
      createConnection: () => connect(server.address.replace("unix://", "")),
    });
    await once(session, "remoteSettings");
    session.close();
    await once(session, "close");
    await server.stop();
    expect(logged).toMatchObject({ info: [], warn: [], error: [], printed: [] });
  });
});

it("what is not HTTP/2 is told, once for all of it", async () => {
  for (let index = 0; index < 100; index++) {
    const socket = connect(server.address.replace("unix://", ""));
    socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    await once(socket.resume(), "close");
  }
  await server.stop();
  const { warn } = logged;
  expect(warn.length).toBeLessThan(10);
  for (const line of warn) {
    expect(line).toMatchObject({
      listener: `grpc ${server.address}`,
      reason: expect.stringContaining("magic"),
    });
  }
  expect(warn.reduce((sum, line) => sum + (line as { failed: number }).failed, 0)).toBe(100);
});
