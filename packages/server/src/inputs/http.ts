import type { IncomingMessage, ServerResponse } from "node:http";
import { gunzipSync } from "node:zlib";
import { answer, type HttpHandlers } from "../listen/http-server.js";
import { type PostAnswer, rejectedHeader } from "../listen/serve-whole-posts.js";
import { Body } from "./body.js";
import type { BodyBudget } from "./body-budget.js";
import type { Intake } from "./intake.js";
import { toUtf8 } from "./utf8.js";

/** The largest body, in bytes, as it comes and inflated. Falco posts one alert at a time. */
const maxBodyBytes = 4 * 1024 * 1024;
const tooLarge = `the body is larger than ${maxBodyBytes} bytes`;

const noBody = { "content-length": 0 };

/** Why a request is refused before its body is read. */
interface Refusal {
  readonly status: number;
  readonly reason: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const notPosted: Refusal = {
  status: 405,
  reason: "POST or PUT alerts here",
  headers: { allow: "POST, PUT" },
};
const fromPage: Refusal = { status: 403, reason: "requests of web pages are refused" };
const notGzip: Refusal = {
  status: 415,
  reason: "content-encoding: expected gzip, or none",
  headers: { "accept-encoding": "gzip" },
};

/**
 * The http input: takes what Falco's `http_output` posts, one alert a request or a line, JSON or text. Falco ignores
 * the status and lets every output wait for the answer, so that comes once the alerts are queued, with an empty body.
 * What is queued is queued by then.
 * @param budget What large bodies of one listener take together.
 * @param onRefused Told why a request is refused for its form or its size.
 */
export function createHttpHandlers(
  intake: Intake,
  budget: BodyBudget,
  onRefused: (reason: string) => void,
): HttpHandlers {
  // Events and no promises: an alert a request, they would cost as much as the rest.
  const onRequest: HttpHandlers["onRequest"] = (request, response) => {
    const coding = codingOf(request.headers["content-encoding"]);
    const refusal = refusalOf(request, coding);
    if (refusal !== undefined) {
      onRefused(refusal.reason);
      for (const name in refusal.headers) response.setHeader(name, refusal.headers[name]!);
      return answer(response, refusal.status, refusal.reason);
    }
    let isRefused = false;
    const refuse = (status: number, reason: string) => {
      isRefused = true;
      body.release();
      onRefused(reason);
      // The rest of the body is not read.
      response.setHeader("connection", "close");
      answer(response, status, reason);
    };
    const body = new Body(budget, () => refuse(503, "too many large bodies arrive at once"));
    request.on("data", (chunk: Buffer) => {
      if (isRefused) return;
      if (body.size + chunk.length > maxBodyBytes) return refuse(413, tooLarge);
      const isNew = body.held === 0;
      body.add(chunk);
      // However it ends: one that breaks off has nobody left to be answered.
      if (isNew && body.held > 0) request.once("close", () => body.release());
    });
    request.on("end", () => {
      if (isRefused) return;
      const answering = new ResponseAnswer(response);
      const contentType = request.headers["content-type"] ?? "";
      if (coding === "gzip") takeGzip(intake, body.bytes, contentType, answering);
      else take(intake, body.bytes, contentType, answering);
      body.release();
    });
  };
  return {
    onRequest,
    wholePosts: {
      takeFor: () => (body, contentType, answering) => take(intake, body, contentType, answering),
    },
  };
}

class ResponseAnswer implements PostAnswer {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  queued(rejected: number): void {
    this.#response.writeHead(200, rejected === 0 ? noBody : { ...noBody, [rejectedHeader]: rejected }).end();
  }

  refused(status: number, reason: string): void {
    answer(this.#response, status, reason);
  }
}

function refusalOf({ method, headers }: IncomingMessage, coding: string | undefined): Refusal | undefined {
  // falcosidekick's webhook can be told to use PUT.
  if (method !== "POST" && method !== "PUT") return notPosted;
  // A browser says where a page's request comes from. Falco is not one, and a page must not raise alerts.
  if (headers.origin !== undefined || headers["sec-fetch-site"] !== undefined) return fromPage;
  return coding === undefined ? notGzip : undefined;
}

/** Undefined for one that is not known. */
function codingOf(encoding: string | undefined): "identity" | "gzip" | undefined {
  if (encoding === undefined) return "identity";
  const name = encoding.toLowerCase();
  if (name === "x-gzip") return "gzip";
  return name === "gzip" || name === "identity" ? name : undefined;
}

/** Inflates within the call: no more than one body is held at its full size, and never more than the limit of it. */
function takeGzip(intake: Intake, body: Uint8Array, contentType: string, answering: PostAnswer): void {
  let inflated: Buffer;
  try {
    inflated = gunzipSync(body, { maxOutputLength: maxBodyBytes });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ERR_BUFFER_TOO_LARGE") answering.refused(413, tooLarge);
    else answering.refused(400, `the body is not gzip: ${message}`);
    return;
  }
  take(intake, inflated, contentType, answering);
}

function take(intake: Intake, body: Uint8Array, contentType: string, answering: PostAnswer): void {
  const batch = intake.collect();
  // Falco posts its text form as text/plain, one alert at a time.
  batch.addBody(toUtf8(body), /^text\/plain\b/i.test(contentType));
  const { count, rejected, reason } = batch;
  if (count === 0) {
    intake.reuse(batch);
    answering.refused(400, rejected === 0 ? "not an alert: the body holds none" : reason);
    return;
  }
  const failed = (error: unknown) => answering.refused(503, (error as Error).message);
  try {
    const appended = batch.append();
    if (appended instanceof Promise) {
      appended.then(() => answering.queued(rejected), failed);
    } else {
      intake.reuse(batch);
      answering.queued(rejected);
    }
  } catch (error) {
    failed(error);
  }
}
