import * as http from "node:http";
import * as https from "node:https";
import type { ConnectionOptions } from "node:tls";
import type { Answer } from "./answer.js";
import { maxReasonBytes, reasonGiven } from "./reason-given.js";

export interface Target {
  readonly url: URL;
  readonly agent: http.Agent;
  readonly headers: http.OutgoingHttpHeaders;
  /** How an https receiver is trusted. It stands in each request: an agent for a proxy has its own trust. */
  readonly tls: Pick<ConnectionOptions, "secureContext" | "rejectUnauthorized">;
}

/** More of an answer's body is not read, in bytes. */
const maxAnswerBytes = 64 * 1024;

/**
 * Posts a body; returns the answer once it is complete. The status counts, whatever becomes of the answer's body.
 * @throws The signal's reason, or what became of the connection.
 */
export async function post(target: Target, body: Uint8Array, signal: AbortSignal): Promise<Answer> {
  for (;;) {
    signal.throwIfAborted();
    const request = startRequest(target, body.length);
    try {
      return await exchange(request, target.url, body, signal);
    } catch (error) {
      // The receiver closed an idle connection just as it was used again. The next one is new.
      if (signal.aborted || !request.reusedSocket || !isReset(error as NodeJS.ErrnoException)) throw error;
    }
  }
}

function startRequest({ url, agent, headers, tls }: Target, length: number): http.ClientRequest {
  const { request } = url.protocol === "https:" ? https : http;
  return request(url, {
    ...tls,
    method: "POST",
    agent,
    headers: { ...headers, "content-length": length },
  });
}

function exchange(
  request: http.ClientRequest,
  url: URL,
  body: Uint8Array,
  signal: AbortSignal,
): Promise<Answer> {
  return new Promise<Answer>((resolve, reject) => {
    const onAbort = () => request.destroy(signal.reason as Error);
    signal.addEventListener("abort", onAbort);
    const settle = (end: () => void) => {
      signal.removeEventListener("abort", onAbort);
      end();
    };
    let isAnswered = false;
    request.on("response", (response) => {
      isAnswered = true;
      const beginning: Buffer[] = [];
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        if (bytes < maxReasonBytes) beginning.push(chunk.subarray(0, maxReasonBytes - bytes));
        bytes += chunk.length;
        if (bytes > maxAnswerBytes) response.destroy();
      });
      response.on("error", () => undefined);
      response.on("close", () => settle(() => resolve(answerOf(response, Buffer.concat(beginning), url))));
    });
    request.on("error", (error) => {
      if (!isAnswered) settle(() => reject(error));
    });
    request.on("close", () => {
      if (!isAnswered) settle(() => reject(new Error("the connection ended without an answer")));
    });
    request.end(body);
  });
}

function answerOf({ statusCode, headers }: http.IncomingMessage, beginning: Buffer, url: URL): Answer {
  const isText = headers["content-encoding"] === undefined;
  return {
    status: statusCode!,
    retryAfter: headers["retry-after"],
    reason: isText ? reasonGiven(beginning, headers["content-type"], url) : undefined,
  };
}

function isReset({ code }: NodeJS.ErrnoException): boolean {
  return code === "ECONNRESET" || code === "EPIPE";
}
