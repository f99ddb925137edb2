import type { IncomingMessage, ServerResponse } from "node:http";
import { gunzipSync } from "node:zlib";
import type { Intake } from "./intake.js";
import { toUtf8 } from "./utf8.js";

/** The largest body, in bytes, as it comes and inflated. Falco posts one alert at a time. */
const maxBodyBytes = 4 * 1024 * 1024;
/** What all bodies together may hold while they arrive, in bytes. */
const maxHeldBytes = 64 * 1024 * 1024;
const tooLarge = `the body is larger than ${maxBodyBytes} bytes`;

/** Of an answer that something was queued: how much else was in the body that is not an alert. */
const rejectedHeader = "falco-outputs-rejected";

/** Answers a request; what it was given is queued by then. */
export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * The http input: takes what Falco's `http_output` posts, one alert a request or a line, JSON or text. Falco ignores
 * the status and lets every output wait for the answer, so that comes once the alerts are queued, with an empty body.
 */
export function createHttpHandler(intake: Intake): HttpHandler {
  let held = 0;

  // Events and no promises: an alert a request, they would cost as much as the rest.
  return (request, response) => {
    const { headers } = request;
    if (request.method !== "POST") {
      response.setHeader("allow", "POST");
      return answer(response, 405, "POST alerts here, one a request or one a line");
    }
    // A browser says where a page's request comes from. Falco is none, and a page must not raise alerts.
    if (headers.origin !== undefined || headers["sec-fetch-site"] !== undefined) {
      return answer(response, 403, "requests of web pages are refused");
    }
    const coding = codingOf(headers["content-encoding"]);
    if (coding === undefined) {
      response.setHeader("accept-encoding", "gzip");
      return answer(response, 415, "content-encoding: expected gzip, or none");
    }
    const chunks: Buffer[] = [];
    let size = 0;
    let refused = false;
    request.on("data", (chunk: Buffer) => {
      if (refused) return;
      size += chunk.length;
      held += chunk.length;
      chunks.push(chunk);
      refused = size > maxBodyBytes || held > maxHeldBytes;
      if (!refused) return;
      chunks.length = 0;
      if (size > maxBodyBytes) refuse(response, 413, tooLarge);
      else refuse(response, 503, "too many large requests at once");
    });
    request.on("end", () => {
      if (refused) return;
      const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
      if (coding === "gzip") takeGzip(intake, body, response);
      else take(intake, body, response);
    });
    // However it ended; one that breaks off has nobody left to be answered.
    request.on("close", () => {
      held -= size;
    });
  };
}

/** Undefined for one that is not known. */
function codingOf(encoding: string | undefined): "identity" | "gzip" | undefined {
  if (encoding === undefined) return "identity";
  const name = encoding.toLowerCase();
  if (name === "x-gzip") return "gzip";
  return name === "gzip" || name === "identity" ? name : undefined;
}

/** Inflates within the call: no more than one body is held at its full size, and never more than the limit of it. */
function takeGzip(intake: Intake, body: Uint8Array, response: ServerResponse): void {
  let inflated: Buffer;
  try {
    inflated = gunzipSync(body, { maxOutputLength: maxBodyBytes });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ERR_BUFFER_TOO_LARGE") answer(response, 413, tooLarge);
    else answer(response, 400, `the body is no gzip: ${message}`);
    return;
  }
  take(intake, inflated, response);
}

function take(intake: Intake, body: Uint8Array, response: ServerResponse): void {
  const lines = intake.collect();
  // Falco posts its text form as text/plain, one alert at a time.
  const isText = /^text\/plain\b/i.test(response.req.headers["content-type"] ?? "");
  lines.addBody(toUtf8(body), isText);
  const { rejected } = lines;
  if (lines.count === 0) {
    answer(response, 400, rejected === 0 ? "not an alert: the body holds none" : lines.reason);
    intake.reuse(lines);
    return;
  }
  const head = { "content-length": 0, ...(rejected > 0 && { [rejectedHeader]: rejected }) };
  const queued = () => response.writeHead(200, head).end();
  const failed = (error: unknown) => answer(response, 503, (error as Error).message);
  try {
    const appended = lines.append();
    if (appended instanceof Promise) {
      appended.then(queued, failed);
    } else {
      intake.reuse(lines);
      queued();
    }
  } catch (error) {
    failed(error);
  }
}

export function answer(response: ServerResponse, status: number, reason: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${reason}\n`);
}

/** Answers without reading the rest of the body. */
function refuse(response: ServerResponse, status: number, reason: string): void {
  response.setHeader("connection", "close");
  answer(response, status, reason);
}
