import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Intake } from "./intake.js";
import { LineSplitter } from "./line-splitter.js";

/** The largest body, in bytes. Falco posts one alert at a time. */
const maxBodyBytes = 4 * 1024 * 1024;
/** What all bodies together may hold while they arrive, in bytes. */
const maxHeldBytes = 64 * 1024 * 1024;
const maxConnections = 256;

/**
 * The http input: takes what Falco's `http_output` posts, one alert a request or a line, JSON or text. Falco ignores
 * the status and lets every output wait for the answer, so that comes once the alerts are queued, with an empty body.
 */
export function createHttpInput(intake: Intake): Server {
  let held = 0;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== "POST") {
      response.setHeader("allow", "POST");
      return answer(response, 405, "POST alerts here, one a request or one a line");
    }
    // A browser says where a page's request comes from. Falco is none, and a page must not raise alerts.
    if (request.headers.origin !== undefined || request.headers["sec-fetch-site"] !== undefined) {
      return answer(response, 403, "requests of web pages are refused");
    }
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) {
        size += chunk.length;
        held += chunk.length;
        if (size > maxBodyBytes)
          return refuse(response, 413, `the body is larger than ${maxBodyBytes} bytes`);
        if (held > maxHeldBytes) return refuse(response, 503, "too many large requests at once");
        chunks.push(chunk);
      }
    } finally {
      held -= size;
    }
    await take(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks), response);
  }

  async function take(body: Uint8Array, response: ServerResponse): Promise<void> {
    const lines = intake.collect();
    const splitter = new LineSplitter(
      maxBodyBytes,
      (bytes, start, end) => lines.add(bytes, start, end),
      unreachable,
    );
    splitter.write(body);
    splitter.end();
    if (lines.count === 0) return answer(response, 400, lines.reason ?? "no alert: the body is empty");
    try {
      await lines.append();
    } catch (error) {
      return answer(response, 503, (error as Error).message);
    }
    response.writeHead(200, { "content-length": 0 }).end();
  }

  const server = createServer((request, response) => {
    // A request that breaks off has nobody left to be answered.
    handle(request, response).catch(() => response.destroy());
  });
  server.maxConnections = maxConnections;
  return server;
}

function answer(response: ServerResponse, status: number, reason: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${reason}\n`);
}

/** Answers without reading the rest of the body. */
function refuse(response: ServerResponse, status: number, reason: string): void {
  response.setHeader("connection", "close");
  answer(response, status, reason);
}

function unreachable(): never {
  throw new Error("a line of a body cannot be longer than the body");
}
